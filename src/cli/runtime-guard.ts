/**
 * Flags and variables of Node that take protections away, whoever set them: a container image, a shell profile, a colleague in a hurry.
 *
 *  - `serve` and `up` refuse to start with any of them; `doctor` names them.
 *  - Node takes flags with underscores as well as with dashes, and from NODE_OPTIONS as well as from its command line.
 */
export interface RuntimeFlags {
	readonly execArgv: readonly string[];
	readonly environment: Readonly<Record<string, string | undefined>>;
}

const INSECURE_FLAGS: Readonly<Record<string, string>> = {
	"--insecure-http-parser": "it accepts malformed HTTP, with which requests are smuggled past proxies",
	"--tls-min-v1.0": "it allows TLS 1.0, which is broken",
	"--tls-min-v1.1": "it allows TLS 1.1, which is broken",
	"--security-revert": "it brings a fixed vulnerability back",
	"--openssl-legacy-provider": "it allows ciphers and digests that are broken",
};

export interface InsecureFlag {
	/** As set: `--insecure-http-parser in NODE_OPTIONS`. */
	readonly what: string;
	readonly why: string;
}

export function insecureFlags({ execArgv, environment }: RuntimeFlags): readonly InsecureFlag[] {
	const fromOptions = (environment["NODE_OPTIONS"] ?? "").split(/\s+/);
	const found = [...flagsIn(execArgv, "on node's command line"), ...flagsIn(fromOptions, "in NODE_OPTIONS")];
	if (environment["NODE_TLS_REJECT_UNAUTHORIZED"] === "0") {
		found.push({ what: "NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment", why: "it makes every certificate of a server acceptable" });
	}
	return found;
}

function flagsIn(words: readonly string[], where: string): InsecureFlag[] {
	return words.flatMap((word) => {
		const flag = (word.split("=")[0] ?? "").replaceAll("_", "-").replaceAll(/["']/g, "");
		const why = Object.hasOwn(INSECURE_FLAGS, flag) ? INSECURE_FLAGS[flag] : undefined;
		return why === undefined ? [] : [{ what: `${flag} ${where}`, why }];
	});
}
