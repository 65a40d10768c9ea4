/** Which models somebody may name: the role's lists, narrowed by the key's own. Each list can only take away from the one before it. */
import type { ModelName } from "../model/model-name.ts";
import type { RoleSpec } from "../model/policy-spec.ts";
import { ModelPatterns } from "./model-pattern.ts";

export class ModelScope {
	/** True where no model is kept from anybody: a list of models can then be shown whole. */
	readonly everything: boolean;
	readonly #deny: ModelPatterns;
	readonly #allow: ModelPatterns;
	/** Null where the key narrows nothing. */
	readonly #own: ModelPatterns | null;

	constructor({ allow, deny }: RoleSpec["models"], own: readonly string[] | null) {
		this.everything = deny.length === 0 && allow.includes("*") && (own === null || own.includes("*"));
		this.#deny = ModelPatterns.denying(deny);
		this.#allow = ModelPatterns.allowing(allow);
		this.#own = own === null ? null : ModelPatterns.allowing(own);
	}

	permits(name: ModelName): boolean {
		return this.#deny.match(name) === null && this.#allow.match(name) !== null && (this.#own === null || this.#own.match(name) !== null);
	}

	/** Why not, for the record; null where the model is permitted. */
	refusalOf(name: ModelName): string | null {
		if (this.permits(name)) return null;
		const denied = this.#deny.match(name);
		if (denied !== null) return `denied by ${denied}`;
		return this.#allow.match(name) === null ? "not in the role's list" : "not in the key's own list";
	}
}
