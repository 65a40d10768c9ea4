/**
 * The four roles that are there without any configuration, from least to most.
 *
 *  - A role of the same name in the configuration replaces the built-in one whole.
 *  - `user` has no bound on the length of an answer: setting one means sending one with every request, and that would raise the lower bound
 *    that many models bring along. Ollama stops at ten contexts by itself; budgets bound the rest.
 */
import type { ParameterSpec, RoleSpec } from "../model/policy-spec.ts";
import { ORDINARY } from "../model/priority.ts";
import { EVERYWHERE } from "../std/network-rule.ts";

const MINUTE = 60_000;
const MIB = 1024 * 1024;
const EVERY_MODEL: RoleSpec["models"] = { allow: ["*"], deny: [] };

/** Whoever has a credential, from wherever: what more is demanded only the operator knows. */
const ANY_WAY: Pick<RoleSpec, "networks" | "require"> = { networks: EVERYWHERE, require: [] };

const MODEST: ParameterSpec = {
	numCtx: 32_768,
	numPredict: null,
	keepAliveMs: 30 * MINUTE,
	unload: false,
	imagesMax: 16,
	imageBytesMax: 16 * MIB,
	onExcess: "clamp",
};

export const BUILT_IN_ROLES = {
	/** Sees that the server lives and which models there are. For monitoring and inventory. */
	reader: {
		...ANY_WAY,
		classes: ["probe", "read"],
		models: EVERY_MODEL,
		reveal: [],
		uploads: false,
		parameters: MODEST,
		standing: ORDINARY,
	},
	/** Uses models. The role for people and applications. */
	user: {
		...ANY_WAY,
		classes: ["probe", "read", "infer"],
		models: EVERY_MODEL,
		reveal: [],
		uploads: false,
		parameters: MODEST,
		standing: ORDINARY,
	},
	/** Also pulls, copies and deletes models and builds on those that are there; brings no files of its own. */
	operator: {
		...ANY_WAY,
		classes: ["probe", "read", "infer", "manage"],
		models: EVERY_MODEL,
		reveal: ["template", "system", "license", "messages"],
		uploads: false,
		parameters: {
			numCtx: 131_072,
			numPredict: null,
			keepAliveMs: 24 * 60 * MINUTE,
			unload: true,
			imagesMax: 64,
			imageBytesMax: 32 * MIB,
			onExcess: "clamp",
		},
		standing: ORDINARY,
	},
	/** Everything, the operator's account at ollama.com included. Virtual patches hold nevertheless. */
	admin: {
		...ANY_WAY,
		classes: ["probe", "read", "infer", "manage", "account", "cloud"],
		models: EVERY_MODEL,
		reveal: ["template", "system", "modelfile", "license", "messages"],
		uploads: true,
		parameters: {
			numCtx: null,
			numPredict: null,
			keepAliveMs: null,
			unload: true,
			imagesMax: 256,
			imageBytesMax: 64 * MIB,
			onExcess: "clamp",
		},
		standing: ORDINARY,
	},
} as const satisfies Record<string, RoleSpec>;
