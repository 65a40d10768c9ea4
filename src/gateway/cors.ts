/**
 * Cross-origin requests of browsers (WHATWG Fetch): only for origins on the operator's list, never with a wildcard, never for `null`.
 *
 * What a page may read is decided by the list; whether the request is served, by its credential like any other.
 */
import type { RequestHead } from "../wire/message.ts";
import { LIMIT_FIELDS } from "./limit-fields.ts";
import type { OriginList } from "./origin-list.ts";

const EXPOSED = [
	"x-request-id, ratelimit, ratelimit-policy, retry-after, x-rempart-queue-position, x-rempart-queue-wait-ms",
	...LIMIT_FIELDS,
].join(", ");
const ALLOWED_FIELDS =
	"authorization, content-type, user-agent, accept, x-requested-with, x-api-key, api-key, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access, openai-beta";
const PREFLIGHT_SECONDS = "600";

export function isPreflight({ method, fields }: RequestHead): boolean {
	return method === "OPTIONS" && fields.get("origin") !== undefined && fields.get("access-control-request-method") !== undefined;
}

/** Fields that let an allowed page read the answer; none for every other. */
export function corsFields({ fields, host }: RequestHead, origins: OriginList): readonly (readonly [string, string])[] {
	const origin = fields.get("origin");
	if (origin === undefined || !origins.allows(origin, host)) return [];
	return [
		["access-control-allow-origin", origin],
		["access-control-expose-headers", EXPOSED],
		["vary", "Origin"],
	];
}

/** Null where the origin is not allowed. Stainless SDKs send their own fields, which are named back to them one by one. */
export function preflightFields({ fields, host }: RequestHead, origins: OriginList): readonly (readonly [string, string])[] | null {
	const origin = fields.get("origin");
	if (origin === undefined || !origins.allows(origin, host)) return null;
	const asked = (fields.get("access-control-request-headers") ?? "").toLowerCase().split(",");
	const stainless = asked.map((name) => name.trim()).filter((name) => /^x-stainless-[a-z-]{1,40}$/.test(name));
	return [
		["access-control-allow-origin", origin],
		["access-control-allow-methods", "GET, HEAD, POST, DELETE"],
		["access-control-allow-headers", [ALLOWED_FIELDS, ...stainless].join(", ")],
		["access-control-max-age", PREFLIGHT_SECONDS],
		["vary", "Origin"],
	];
}
