/** An upstream's whole answer within a stream that has begun already: an error, or one that it did not stream. */
import { FAULTS } from "../model/fault.ts";
import { errorFrame } from "../ollama/error-body.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";

/** One line, or one event. What is no JSON is not passed on: nobody knows what it would be taken for in the middle of a stream. */
export function lateFrame({ operation }: JudgedRequest, body: Buffer, requestId: string): Buffer {
	const record = recordIn(body);
	const { dialect } = operation;
	if (record === null)
		return Buffer.from(errorFrame(dialect, { ...FAULTS["upstream-malformed"], code: "upstream-malformed", requestId }), "utf8");
	const text = JSON.stringify(record);
	if (dialect === "ollama") return Buffer.from(`${text}\n`, "utf8");
	const name = dialect === "anthropic" && "type" in record && record.type === "error" ? "event: error\n" : "";
	return Buffer.from(`${name}data: ${text}\n\n`, "utf8");
}

function recordIn(body: Buffer): object | null {
	try {
		const value: unknown = JSON.parse(body.toString("utf8"));
		return typeof value === "object" ? value : null;
	} catch {
		// Text, or cut off: said by the caller of this.
		return null;
	}
}
