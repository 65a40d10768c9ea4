/**
 * Meters a whole answer: one JSON value, or text. Nothing is withheld.
 *
 * Short answers are kept and parsed. Of long ones only the end is kept, where Ollama writes what was used: behind embeddings, messages and
 * contexts. Strings cannot forge it, since a quote in them is escaped.
 */
import type { Usage } from "../../model/usage.ts";
import type { JudgedRequest } from "../judged-request.ts";
import type { UsageSource } from "../operation.ts";
import { estimatePromptTokens, tokensOfLength } from "./estimate.ts";
import type { CutNote, Meter, MeterEnd } from "./meter.ts";
import { errorOf, type Parsed, parseRecord, reportedUsage, tokens } from "./reported-usage.ts";

const NOTHING = Buffer.alloc(0);
const LONGEST_PARSED = 2 ** 16;
const END_KEPT = 2 ** 12;

export class WholeMeter implements Meter {
	/** An answer in one piece cannot be ended in the middle. */
	readonly bounded = false;
	readonly cuttable = false;
	readonly #judged: JudgedRequest;
	readonly #source: UsageSource;
	#pieces: Buffer[] = [];
	#kept = 0;
	#bytes = 0;

	constructor(judged: JudgedRequest, source: UsageSource) {
		this.#judged = judged;
		this.#source = source;
	}

	push(bytes: Buffer): Buffer {
		this.#bytes += bytes.length;
		if (this.#source === "none" || this.#source === "estimate") return bytes;
		this.#pieces.push(Buffer.from(bytes.length > LONGEST_PARSED ? bytes.subarray(-END_KEPT) : bytes));
		this.#kept += bytes.length;
		if (this.#kept > LONGEST_PARSED) {
			const end = Buffer.from(Buffer.concat(this.#pieces).subarray(-END_KEPT));
			this.#pieces = [end];
			this.#kept = end.length;
		}
		return bytes;
	}

	end(complete: boolean): MeterEnd {
		if (this.#source === "none") return { relay: NOTHING, usage: null, failed: null, boundary: false };
		const record = complete ? this.#record() : null;
		const failed = record === null ? null : errorOf(record);
		const reported = record === null || failed !== null ? null : reportedUsage(this.#source, record);
		return { relay: NOTHING, usage: reported ?? this.#estimate(), failed, boundary: false };
	}

	cut(_note: CutNote): MeterEnd {
		return this.end(false);
	}

	#record(): Parsed | null {
		if (this.#source === "estimate") return null;
		const [only] = this.#pieces;
		const text = (this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces)).toString("utf8");
		return this.#bytes === this.#kept ? parseRecord(text) : recordAtEnd(text);
	}

	#estimate(): Usage {
		const writesText = this.#judged.operation.body === "multipart" || (this.#source !== "estimate" && !isEmbedding(this.#source));
		return tokens(estimatePromptTokens(this.#judged), writesText ? tokensOfLength(this.#bytes) : 0, true);
	}
}

function isEmbedding(source: UsageSource): boolean {
	return source === "embed" || source === "openai-embeddings";
}

/** The counts that the end of a long record has: top-level ones, and those in `usage`. The last of a name counts. */
function recordAtEnd(text: string): Parsed | null {
	const found: Record<string, number> = {};
	for (const [, name, digits] of text.matchAll(/[{,]"([a-z_]+)":([0-9]{1,16})(?=[,}])/g)) {
		if (name !== undefined && digits !== undefined) found[name] = Number(digits);
	}
	return Object.keys(found).length === 0 ? null : { ...found, usage: found };
}
