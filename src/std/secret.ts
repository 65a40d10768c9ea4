import { inspect } from "node:util";

/** A value that prints as `[secret]` everywhere but where it is asked for by name. */
export class Secret {
	readonly #value: string;

	constructor(value: string) {
		this.#value = value;
	}

	/** The only way to the value; every call site is a place to review. */
	reveal(): string {
		return this.#value;
	}

	toString(): string {
		return "[secret]";
	}

	toJSON(): string {
		return "[secret]";
	}

	[inspect.custom](): string {
		return "[secret]";
	}
}
