/** No record at all of a request: no event is made, so none is written and none is counted. */
import { RequestRecord as Recording } from "../../../src/gateway/stages/record.ts";
import type { Batch } from "../../../src/ports/event-log.ts";

export * from "../../../src/gateway/stages/record.ts";

const TAKEN: Batch = Object.freeze({ committed: true, settled: Promise.resolve() });

export class RequestRecord extends Recording {
	override permitted(): Batch {
		return TAKEN;
	}

	override preflight(): void {}

	override refused(): void {}

	override failed(): void {}

	override forwarded(): void {}
}
