/**
 * A request as it was understood: what policy judges and, serialised, exactly what the upstream executes.
 *
 * Immutable. A clamp makes a new one; nothing is ever patched into bytes.
 */
import type { ModelName } from "../model/model-name.ts";
import type { ModelRole, Operation } from "./operation.ts";

export interface JudgedRequest {
	readonly operation: Operation;
	readonly method: string;
	/** Canonical path that is sent upstream, without a query. */
	readonly path: string;
	/** Value of the path's `:parameter` (a digest, a model), or null. */
	readonly parameter: string | null;
	readonly body: JudgedBody;
	readonly models: readonly ModelUse[];
	/** Whether the answer streams, by the operation's default and the body's `stream`. */
	readonly streaming: boolean;
	/** Whether the caller itself asked for `stream_options.include_usage`; where not, the usage chunk is taken out of the answer again. */
	readonly usageAsked: boolean;
	/** Unknown top-level keys that were left out, because Ollama ignores them and we do not forward what was not judged. */
	readonly droppedKeys: readonly string[];
}

export type JudgedBody =
	| { readonly kind: "none" }
	| { readonly kind: "json"; readonly value: JsonObject }
	| { readonly kind: "multipart"; readonly fields: readonly FormField[] }
	/** Streams through unread; its length where the caller said one. */
	| { readonly kind: "blob"; readonly digest: string; readonly length: number | null };

export interface ModelUse {
	readonly role: ModelRole;
	readonly name: ModelName;
	/** Which field it came from, for `policy explain`. */
	readonly field: string;
}

export interface FormField {
	readonly name: string;
	readonly filename: string | null;
	readonly contentType: string | null;
	readonly value: Buffer;
}

export type JsonValue = null | boolean | number | string | JsonArray | JsonObject | RawNumber;
export type JsonArray = readonly JsonValue[];
export interface JsonObject {
	readonly [key: string]: JsonValue;
}
/** An integer that a double cannot hold, kept as its digits (`JSON.rawJSON`), so that re-serialising does not change it. */
export interface RawNumber {
	readonly rawJSON: string;
}
