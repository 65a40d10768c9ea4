/** Finds the model that a request names, or refuses as Ollama does. */
import { type Exchange, Refusal, type World } from "./exchange.ts";
import type { StoredModel } from "./model-store.ts";
import { unixSeconds } from "./moments.ts";
import { type Spelling, spell } from "./spelling.ts";

/** The refusals of a route; native routes differ in their words. */
export interface Missing {
	/** When no model is named at all. */
	readonly unnamed: Refusal;
	absent(written: string, name: Spelling): Refusal;
}

export const GENERATE_MISSING: Missing = { unnamed: new Refusal(404, "model '' not found"), absent: notFound };
export const CHAT_MISSING: Missing = { unnamed: new Refusal(400, "model is required"), absent: notFound };

/** Throws Refusal. Models of ollama.com are refused too: the demonstration reaches nobody. */
export function locate(exchange: Exchange, written: string, missing: Missing): StoredModel {
	if (written === "") throw missing.unnamed;
	const name = spell(written);
	if (name === null) throw new Refusal(400, "invalid model name");
	if (name.cloud) throw unreachableCloud(exchange, "Post", exchange.path);
	const model = exchange.models.find(name);
	if (model === null) throw missing.absent(written, name);
	return model;
}

/** What Ollama says on a machine without a way out, for everything that it would ask ollama.com. */
export function unreachableCloud({ moments }: World, method: "Get" | "Post", path: string): Refusal {
	return new Refusal(
		502,
		`${method} "https://ollama.com:443${path}?ts=${unixSeconds(moments.now())}": dial tcp: lookup ollama.com: no such host`,
	);
}

function notFound(written: string): Refusal {
	return new Refusal(404, `model '${written}' not found`);
}
