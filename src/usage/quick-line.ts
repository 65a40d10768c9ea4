/**
 * Reads the numbers of a `request-ended` line without parsing it: four times as fast, which is what counting costs for each request.
 *
 *  - In a JSON text without white space, `,"name":` is a member's name wherever it stands: within a string the quotation mark would be escaped. So
 *    members are found by searching for that, in the order in which this program writes them.
 *  - Whatever looks otherwise (another order, an exponent, a record of an older release) is not read here: the caller parses it then, to the same sums.
 */
import { answered } from "./counted-line.ts";
import type { MutableSums } from "./usage-sums.ts";

const MODEL = ',"model":';
const METHOD = ',"method":"';
const ZERO = 48;
const NINE = 57;
const COMMA = 44;
const BRACE = 125;

/** One for all lines: reading fills it anew. Lines are read where they stand in the text of their block, which is never cut into lines. */
export class QuickLine {
	at = 0;
	/** Who, in which groups, did what, as the line says it, and with which model where that answered: a JSON text that begins with the principal. */
	who = "";
	readonly sums: MutableSums;
	#text = "";
	#from = 0;
	#end = 0;
	#failed = false;

	constructor(sums: MutableSums) {
		this.sums = sums;
	}

	/** The line from `start` to `end`, without its line feed. False where it has to be parsed. */
	read(text: string, start: number, end: number): boolean {
		this.#text = text;
		this.#from = start;
		this.#end = end;
		this.#failed = false;
		const { sums } = this;
		this.at = this.#count(',"at":');
		const who = this.#after(',"principal":') - '"principal":'.length;
		const model = this.#after(MODEL) - MODEL.length;
		const method = this.#after(METHOD) - METHOD.length;
		const outcome = this.#word(',"outcome":"');
		const status = this.#count(',"status":');
		sums.requests = 1;
		sums.refused = outcome === "refused" ? 1 : 0;
		sums.faults = outcome === "fault" ? 1 : 0;
		sums.aborted = outcome === "abandoned" || outcome === "cut" ? 1 : 0;
		sums.wallUs = Math.round(this.#number(',"durationMs":') * 1_000);
		sums.bytesIn = this.#count(',"bytesIn":');
		sums.bytesOut = this.#count(',"bytesOut":');
		const used = this.#after(',"usage":');
		const hasUsage = text.charCodeAt(used) !== 110;
		let isTimed = false;
		if (hasUsage) isTimed = this.#usage();
		else {
			sums.inputTokens = 0;
			sums.outputTokens = 0;
			sums.estimated = 0;
			if (!text.startsWith("null", used)) return false;
		}
		sums.gpuUs = this.#count(',"gpuTimeUs":');
		sums.untimed = sums.gpuUs > 0 && !isTimed ? 1 : 0;
		if (this.#failed) return false;
		// With a brace in it, it may hold a member of another program's that does not end there.
		this.who = `{${text.slice(who, answered(hasUsage, outcome, status) ? method : model)}}`;
		return !this.who.includes("{", 1);
	}

	/** Returns whether the server said how long it took. */
	#usage(): boolean {
		const { sums } = this;
		sums.inputTokens = this.#count('{"promptTokens":');
		sums.outputTokens = this.#count(',"outputTokens":');
		const load = this.#countOrNull(',"loadNs":');
		const prompt = this.#countOrNull(',"promptNs":');
		const answer = this.#countOrNull(',"evalNs":');
		const estimated = this.#after(',"estimated":');
		sums.estimated = this.#text.charCodeAt(estimated) === 116 ? 1 : 0;
		return load >= 0 || prompt >= 0 || answer >= 0;
	}

	/** Where the value of a member begins. */
	#after(name: string): number {
		if (this.#failed) return this.#from;
		const at = this.#text.indexOf(name, this.#from);
		if (at === -1 || at >= this.#end) this.#failed = true;
		else this.#from = at + name.length;
		return this.#from;
	}

	#word(name: string): string {
		const start = this.#after(name);
		return this.#text.slice(start, this.#text.indexOf('"', start));
	}

	#countOrNull(name: string): number {
		const start = this.#after(name);
		// n of null
		return this.#text.charCodeAt(start) === 110 ? -1 : this.#digits(start);
	}

	#count(name: string): number {
		return this.#digits(this.#after(name));
	}

	/** A whole number of at most fifteen digits, and nothing else up to the end of the member. */
	#digits(start: number): number {
		let value = 0;
		let at = start;
		let code = this.#text.charCodeAt(at);
		for (; code >= ZERO && code <= NINE; code = this.#text.charCodeAt(at)) {
			value = value * 10 + (code - ZERO);
			at += 1;
		}
		if (at === start || at - start > 15 || (code !== COMMA && code !== BRACE)) this.#failed = true;
		return value;
	}

	#number(name: string): number {
		const start = this.#after(name);
		const value = Number(this.#text.slice(start, this.#text.indexOf(",", start)));
		if (!Number.isFinite(value)) this.#failed = true;
		return value;
	}
}
