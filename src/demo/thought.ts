/** Splits what a thinking model says into thought and answer: tags are tokens of their own, so a piece is never half a tag. White space after a tag is dropped. */
export interface Thought {
	readonly thinking: string;
	readonly content: string;
}

export class ThoughtSplitter {
	#state: "before" | "thinking" | "answer" = "before";
	#trimming = false;

	add(text: string): Thought {
		if (this.#state === "before") {
			if (text.trim() === "") return { thinking: "", content: "" };
			if (text.trim() !== "<think>") {
				this.#state = "answer";
				return { thinking: "", content: text };
			}
			return this.#enter("thinking");
		}
		if (this.#state === "thinking" && text === "</think>") return this.#enter("answer");
		const said = this.#trimming ? text.trimStart() : text;
		if (said !== "") this.#trimming = false;
		return this.#state === "thinking" ? { thinking: said, content: "" } : { thinking: "", content: said };
	}

	#enter(state: "thinking" | "answer"): Thought {
		this.#state = state;
		this.#trimming = true;
		return { thinking: "", content: "" };
	}
}
