/** Recorded streams as a budget ends them in the middle: what the caller gets, and what it is charged. */
import assert from "node:assert/strict";

import type { JudgedRequest } from "../../src/ollama/judged-request.ts";
import { createMeter } from "../../src/ollama/meters/create-meter.ts";
import type { MeterEnd } from "../../src/ollama/meters/meter.ts";
import { type Exchange, recordings } from "./recordings.ts";

export interface Cut extends MeterEnd {
	/** Everything that the caller gets. */
	readonly relayed: Buffer;
	/** What the bound was told, in order. */
	readonly asked: readonly number[];
	/** Whether the bound was reached at all. */
	readonly bounded: boolean;
}

export const CUT_NOTE = { reason: "budget-exceeded", budget: "few", message: "a budget is used up", request_id: "r1", elapsedMs: 1_500 };

export function cutAfter(request: JudgedRequest, { status, answerType }: Exchange, chunks: readonly Buffer[], most: number): Cut {
	const asked: number[] = [];
	const passed = (count: number): boolean => {
		asked.push(count);
		return count < most;
	};
	const meter = createMeter(request, { status, contentType: answerType }, { passed });
	const relayed: Buffer[] = [];
	for (const chunk of chunks) {
		const reused = Buffer.from(chunk);
		relayed.push(Buffer.from(meter.push(reused)));
		reused.fill(0x23);
	}
	const end = meter.bounded ? meter.cut(CUT_NOTE) : meter.end(true);
	return { ...end, relayed: Buffer.concat([...relayed, end.relay]), asked, bounded: meter.bounded };
}

/** The only exchange of a scenario. */
export function recordingOf(scenario: string): Exchange {
	return recordings(RegExp(`^${scenario}$`))[0] ?? assert.fail(`no recording of ${scenario}`);
}

/** Records of the lines or events, in order; what is no JSON stays text. */
export function recordsIn(bytes: Buffer): readonly unknown[] {
	const lines = bytes.toString("utf8").split("\n");
	const data = lines.filter((line) => line.startsWith("data: ") || line.startsWith("{")).map((line) => line.replace(/^data: /, ""));
	return data.map((text): unknown => (text.startsWith("{") ? JSON.parse(text) : text));
}
