/**
 * Answers about models, cut down to what the caller may know, and remembered: clients ask for the same list all day, and Ollama says the same.
 *
 *  - What is remembered answers for a view and an answer that are the same to the last byte, and for no other. A reload makes new views.
 *  - A few answers, none of them long: a bound of a few MB, whatever callers ask.
 */
import { type AnswerView, filterAnswer } from "../ollama/filters.ts";
import type { ResponseFilter } from "../ollama/operation.ts";

const ANSWERS_KEPT = 16;
const LONGEST_KEPT = 128 * 1024;

interface Remembered {
	readonly filter: ResponseFilter;
	readonly view: AnswerView;
	readonly body: Buffer;
	readonly filtered: Buffer;
}

export class FilteredAnswers {
	readonly #kept: Remembered[] = [];
	#oldest = 0;

	/** `body` and what comes back are not to be written to any more. Throws what `filterAnswer` throws. */
	filter(filter: ResponseFilter, body: Buffer, view: AnswerView): Buffer {
		for (const known of this.#kept) {
			if (known.view === view && known.filter === filter && known.body.equals(body)) return known.filtered;
		}
		const filtered = filterAnswer(filter, body, view);
		if (body.length <= LONGEST_KEPT) {
			this.#kept[this.#oldest] = { filter, view, body, filtered };
			this.#oldest = (this.#oldest + 1) % ANSWERS_KEPT;
		}
		return filtered;
	}
}
