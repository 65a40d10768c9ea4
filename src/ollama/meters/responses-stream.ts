/** Streams of /v1/responses: the last event holds the whole response, with what was used. Nothing is withheld. */
import type { Usage } from "../../model/usage.ts";
import { errorOf, isRecord, reportedUsage } from "./reported-usage.ts";
import { ResponseSoFar } from "./response-so-far.ts";
import { type ClosingFacts, nameOf, recordOf, type StreamReader, type StreamResult } from "./stream-reader.ts";

const TERMINAL = new Set(["response.completed", "response.incomplete", "response.failed"]);

export class ResponsesStream implements StreamReader {
	readonly withholds = false;
	#usage: Usage | null = null;
	#failed: string | null = null;
	#deltas = 0;
	/** Only where a bound is to be kept. */
	#soFar: ResponseSoFar | null = null;

	read(event: Buffer): null {
		const name = nameOf(event);
		if (name.endsWith(".delta")) this.#deltas++;
		else if (TERMINAL.has(name)) this.#readEnd(event);
		else if (name === "error" || name === "") {
			const record = recordOf(event);
			if (record !== null) this.#failed = errorOf(record) ?? this.#failed;
		}
		return null;
	}

	result(): StreamResult {
		return { reported: this.#usage, counted: { promptTokens: null, outputTokens: this.#deltas }, failed: this.#failed };
	}

	isToken(event: Buffer): boolean {
		const name = nameOf(event);
		this.#soFar ??= new ResponseSoFar();
		this.#soFar.add(name, event);
		return name.endsWith(".delta");
	}

	closing(_last: Buffer, { usage, note }: ClosingFacts): string {
		return this.#soFar?.closing(usage, note) ?? "";
	}

	#readEnd(event: Buffer): void {
		const response = recordOf(event)?.["response"];
		if (!isRecord(response)) return;
		this.#usage = reportedUsage("openai-responses", response);
		this.#failed = errorOf(response);
	}
}
