import type { UsageSums } from "../ports/usage-ledger.ts";

export type MutableSums = { -readonly [name in keyof UsageSums]: UsageSums[name] };

export function noSums(): MutableSums {
	return {
		requests: 0,
		refused: 0,
		faults: 0,
		aborted: 0,
		inputTokens: 0,
		outputTokens: 0,
		gpuUs: 0,
		wallUs: 0,
		bytesIn: 0,
		bytesOut: 0,
		estimated: 0,
		untimed: 0,
	};
}

/** Written out: it runs once for each record. */
export function addSums(to: MutableSums, more: UsageSums): void {
	to.requests += more.requests;
	to.refused += more.refused;
	to.faults += more.faults;
	to.aborted += more.aborted;
	to.inputTokens += more.inputTokens;
	to.outputTokens += more.outputTokens;
	to.gpuUs += more.gpuUs;
	to.wallUs += more.wallUs;
	to.bytesIn += more.bytesIn;
	to.bytesOut += more.bytesOut;
	to.estimated += more.estimated;
	to.untimed += more.untimed;
}
