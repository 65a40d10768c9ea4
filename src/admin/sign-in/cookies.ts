/**
 * The two cookies of people who administer: who they are, and what they carry while they are at the provider.
 *
 *  - Over https their names begin with `__Host-`: the browser then takes them from this host alone, for every path, by TLS (RFC 6265bis §4.1.3.2), so a
 *    neighbouring host can neither read nor plant them.
 *  - `SameSite=Lax`, not `Strict`: the browser comes back from the provider, and a strict cookie would stay behind. What changes something needs more.
 *  - A name that comes twice is no cookie of ours: one of the two was planted.
 */
import type { Context } from "hono";

export type CookieName = "session" | "sign-in";

export function cookieOf(context: Context, name: CookieName, secure: boolean): string | null {
	const wanted = fullName(name, secure);
	const values = (context.req.header("cookie") ?? "").split(";").flatMap((pair) => {
		const at = pair.indexOf("=");
		return pair.slice(0, at).trim() === wanted ? [pair.slice(at + 1).trim()] : [];
	});
	return values.length === 1 ? (values[0] ?? null) : null;
}

/** Null takes it away. Without an age it ends with the browser; how long it is good the server decides. */
export function setCookie(
	context: Context,
	name: CookieName,
	{ value, maxAgeMs, secure }: { readonly value: string | null; readonly maxAgeMs: number | null; readonly secure: boolean },
): void {
	const age = value === null ? "; Max-Age=0" : maxAgeMs === null ? "" : `; Max-Age=${Math.floor(maxAgeMs / 1000)}`;
	const text = `${fullName(name, secure)}=${value ?? ""}; Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}${age}`;
	context.header("set-cookie", text, { append: true });
}

function fullName(name: CookieName, secure: boolean): string {
	return `${secure ? "__Host-" : ""}rempart-${name}`;
}
