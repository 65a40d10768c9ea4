/** What an operator writes about rights, after defaults: input of the policy compiler, output of the configuration parser. */
import type { NetworkLists } from "../std/network-rule.ts";
import type { Factor } from "./factor.ts";
import type { OperationClass } from "./operation-class.ts";
import type { Standing } from "./priority.ts";

export interface PolicySpec {
	/** From where anybody may call at all, whoever it is. */
	readonly networks: NetworkLists;
	/** The four built-in roles and the operator's own; a name that is defined again replaces the built-in one whole. */
	readonly roles: Readonly<Record<string, RoleSpec>>;
	readonly pull: PullSpec;
	readonly create: CreateSpec;
}

export interface RoleSpec {
	/** `cloud` also decides about cloud models in inference and pulls. */
	readonly classes: readonly OperationClass[];
	/** Globs (`*` any run of characters) over canonical names. Deny wins; an empty allow list allows none. */
	readonly models: { readonly allow: readonly string[]; readonly deny: readonly string[] };
	/** What `show` may reveal besides the harmless rest. */
	readonly reveal: readonly Revealed[];
	/** Whether blobs may be uploaded; they are checked (GGUF only) even then. */
	readonly uploads: boolean;
	readonly parameters: ParameterSpec;
	/** From where callers of this role may come. */
	readonly networks: NetworkLists;
	/** What a caller has to show, all of it; empty demands nothing more than a credential. */
	readonly require: readonly Factor[];
	/** In the queue before a model. */
	readonly standing: Standing;
}

export const REVEALED = ["template", "system", "modelfile", "license", "messages"] as const;
export type Revealed = (typeof REVEALED)[number];

/** Upper bounds of what a caller may set; null bounds nothing. */
export interface ParameterSpec {
	readonly numCtx: number | null;
	/** Also bounds `max_tokens`, `max_completion_tokens` and `max_output_tokens`; no limit asked (-1, absent) becomes this bound. */
	readonly numPredict: number | null;
	/** Longest keep_alive in ms; a negative (for ever) one becomes this. Null lets everything through. */
	readonly keepAliveMs: number | null;
	/** Whether `keep_alive: 0` (unloading a model under everyone's feet) is allowed. */
	readonly unload: boolean;
	readonly imagesMax: number;
	readonly imageBytesMax: number;
	/** clamp: lower it silently to the bound (recorded) · refuse: 403 parameter-denied */
	readonly onExcess: "clamp" | "refuse";
}

export interface PullSpec {
	/** Registry hosts that models may come from and go to; exact, lower case, without port. */
	readonly registries: readonly string[];
}

export interface CreateSpec {
	/** Models that proxy to another host. */
	readonly remoteHost: boolean;
	/** Quantising uploaded files: the step that CVE-2026-7482 needs. */
	readonly quantizeUploads: boolean;
}
