/**
 * The Connection field and what it makes of other fields (RFC 9110 §7.6.1).
 *
 *  - Its options are tokens; an empty one, or anything else, is malformed. `close` wins over `keep-alive`.
 *  - Fields that hold for one connection alone are never relayed: those of a fixed list, whether named in Connection or not, and those that
 *    Connection names. The second rule is for what the upstream sends. What a caller sends is picked from an allowlist instead, so that
 *    `Connection: X-Forwarded-For` cannot take away a field that we set (the Traefik advisories of 2026).
 */
import type { HeaderFields } from "./header-fields.ts";
import { TOKEN_LOWER } from "./octets.ts";

/** RFC 9110 §7.6.1 and, for what old software sends, RFC 2616 §13.5.1; lower case. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
	"connection",
	"http2-settings",
	"keep-alive",
	"proxy-authenticate",
	"proxy-authorization",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
]);

export type ConnectionOption = "close" | "keep-alive";

/** What one Connection field says about the connection: null where it names other options alone, undefined where it is malformed. */
export function connectionOption(value: string): ConnectionOption | null | undefined {
	// Nearly every sender writes one of these two.
	if (value === "keep-alive" || value === "close") return value;
	const options = optionsOf(value);
	if (!options.every(isToken)) return undefined;
	if (options.includes("close")) return "close";
	return options.includes("keep-alive") ? "keep-alive" : null;
}

/** The fields that go on to the next hop, in order. */
export function endToEnd(fields: HeaderFields): (readonly [name: string, value: string])[] {
	const named = new Set(fields.all("connection").flatMap(optionsOf));
	return [...fields].filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name));
}

function optionsOf(value: string): string[] {
	return value.split(",").map((option) =>
		option
			.replace(/^[ \t]+/, "")
			.replace(/[ \t]+$/, "")
			.toLowerCase(),
	);
}

function isToken(text: string): boolean {
	if (text === "") return false;
	for (let at = 0; at < text.length; at++) {
		if ((TOKEN_LOWER[text.charCodeAt(at)] ?? 0) === 0) return false;
	}
	return true;
}
