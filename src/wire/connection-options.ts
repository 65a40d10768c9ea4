/**
 * The options of a Connection field (RFC 9110 §7.6.1).
 *
 *  - They are tokens; an empty one, or anything else, is malformed. `close` wins over `upgrade`, that over `keep-alive`; others mean nothing here.
 *  - No field is removed because Connection names it: `Connection: X-Forwarded-For` must not take away what we set (the Traefik advisories
 *    of 2026). The removal that §7.6.1 asks of a proxy happens by itself, because neither direction forwards a field unless its own
 *    allowlist has it.
 */
import { TOKEN_LOWER } from "./octets.ts";

export type ConnectionOption = "close" | "upgrade" | "keep-alive";

/** What one Connection field says about the connection: null where it names other options alone, undefined where it is malformed. */
export function connectionOption(value: string): ConnectionOption | null | undefined {
	// Nearly every sender writes one of these two.
	if (value === "keep-alive" || value === "close") return value;
	const options = optionsOf(value);
	if (!options.every(isToken)) return undefined;
	if (options.includes("close")) return "close";
	if (options.includes("upgrade")) return "upgrade";
	return options.includes("keep-alive") ? "keep-alive" : null;
}

function optionsOf(value: string): string[] {
	// Of what `trim` takes away only SP and HTAB can be in a value.
	return value.split(",").map((option) => option.trim().toLowerCase());
}

function isToken(text: string): boolean {
	if (text === "") return false;
	for (let at = 0; at < text.length; at++) {
		if ((TOKEN_LOWER[text.charCodeAt(at)] ?? 0) === 0) return false;
	}
	return true;
}
