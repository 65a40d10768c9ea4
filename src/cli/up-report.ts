/**
 * What `up` prints: where things are, that the door is closed, what to paste into a client, how to trust the certificate.
 *
 * Pure, so that a test reads it like a person. Every line to paste works as it stands on this machine.
 */
import type { Ready } from "../app/start-server.ts";
import { type Terminal, table } from "./terminal.ts";

export interface UpFacts {
	readonly version: string;
	readonly ready: Ready;
	readonly configFile: string | null;
	readonly stateDirectory: string;
	/** The gateway's URL for other machines; null where it listens on loopback only or no address is known. */
	readonly elsewhere: string | null;
	readonly proofs: readonly Proof[];
	/** What the program is called where it was started: `rempart`, or npm's script of a checkout. */
	readonly program: string;
}

/** Something that was tried, not assumed. */
export interface Proof {
	readonly level: "ok" | "warn" | "fail";
	readonly text: string;
	readonly next: string | null;
}

const KEY_PLACEHOLDER = "$REMPART_KEY";

export function upReport(facts: UpFacts, paint: Terminal["paint"]): readonly string[] {
	const { ready, version, program } = facts;
	return [
		paint("bold", `rempart ${version} is up`),
		"",
		...(ready.demonstration ? [...demonstrationLines(paint), ""] : []),
		...indented(table(placeRows(facts))),
		"",
		...keyLines(facts, paint),
		"",
		paint("bold", "the door"),
		...facts.proofs.flatMap((proof) => proofLines(proof, paint)),
		"",
		paint("bold", "paste into a client"),
		...indented(clientLines(facts)),
		...(ready.ca === null ? [] : ["", paint("bold", "trust the certificate"), ...indented(trustLines(ready.ca, ready.caSha256 ?? ""))]),
		"",
		`follow what happens: ${program} events -f; stop with Ctrl-C`,
	];
}

function demonstrationLines(paint: Terminal["paint"]): readonly string[] {
	return [
		paint("yellow", "no ollama was found, so a built-in demonstration server answers in its place: its models are toys"),
		"start ollama and rempart again, or name another server with --upstream http://HOST:11434",
	];
}

function placeRows({ ready, elsewhere, stateDirectory, configFile }: UpFacts): readonly (readonly string[])[] {
	return [
		["gateway", `${ready.gateway}${elsewhere === null ? "" : `, from other machines ${elsewhere}`}`],
		["upstream", `${ready.upstream}${ready.demonstration ? " (demonstration)" : ""}`],
		["operators", `${ready.admin}/metrics, /healthz, /readyz`],
		["state", stateDirectory],
		["config", configFile ?? "none: the defaults are in force"],
	];
}

function keyLines({ ready: { key }, program }: UpFacts, paint: Terminal["paint"]): readonly string[] {
	const make = `${program} key create --name NAME --role user`;
	if (key !== null) return [`your key, shown this once: ${paint("bold", key)}`, `make more with: ${make}`];
	return [`use a key that you have, or make one with: ${make}`, `below, ${KEY_PLACEHOLDER} stands for it`];
}

function proofLines({ level, text, next }: Proof, paint: Terminal["paint"]): readonly string[] {
	const style = { ok: "green", warn: "yellow", fail: "red" } as const;
	return [`  ${paint(style[level], level.padEnd(4))}  ${text}`, ...(next === null ? [] : [`        ${next}`])];
}

function clientLines({ ready: { gateway, ca, key }, program }: UpFacts): readonly string[] {
	const secret = key ?? KEY_PLACEHOLDER;
	const trust = ca === null ? "" : `--cacert ${quoted(ca)} `;
	const python = ca === null ? "" : ` SSL_CERT_FILE=${quoted(ca)}`;
	const node = ca === null ? "" : ` NODE_EXTRA_CA_CERTS=${quoted(ca)}`;
	return [
		`curl ${trust}-H "Authorization: Bearer ${secret}" ${gateway}/api/tags`,
		"ollama's Python library:",
		`  export OLLAMA_HOST=${gateway} OLLAMA_API_KEY=${secret}${python}`,
		"ollama's JavaScript library:",
		`  new Ollama({ host: "${gateway}", headers: { Authorization: "Bearer ${secret}" } })`,
		"OpenAI SDKs (base_url, api_key):",
		`  export OPENAI_BASE_URL=${gateway}/v1 OPENAI_API_KEY=${secret}${python}${node}`,
		"Anthropic SDKs (base_url, api_key):",
		`  export ANTHROPIC_BASE_URL=${gateway} ANTHROPIC_API_KEY=${secret}${python}${node}`,
		...ollamaCommandLines(gateway, python, program),
	];
}

/** The program can send no key. What it can do is sign, and that is accepted over TLS alone. */
function ollamaCommandLines(gateway: string, trust: string, program: string): readonly string[] {
	if (!gateway.startsWith("https:"))
		return ["the ollama command itself can send no key, and its signature counts over TLS alone, so it is refused here"];
	return [
		"the ollama command itself, once its own key is enrolled:",
		`  ${program} principal add --name NAME --role user --ollama-key ~/.ollama/id_ed25519.pub`,
		`  export OLLAMA_AUTH=1 OLLAMA_HOST=${gateway}${trust}`,
	];
}

function trustLines(ca: string, sha256: string): readonly string[] {
	return [
		`file         ${ca}`,
		`sha-256      ${sha256}`,
		`check it     openssl x509 -in ${quoted(ca)} -outform DER | sha256sum`,
		`node         export NODE_EXTRA_CA_CERTS=${quoted(ca)}`,
		`python, go   export SSL_CERT_FILE=${quoted(ca)}   (in place of the public roots)`,
		`curl         --cacert ${quoted(ca)}`,
		`debian       sudo cp ${quoted(ca)} /usr/local/share/ca-certificates/rempart.crt && sudo update-ca-certificates`,
		`macos        sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${quoted(ca)}`,
		"on another machine: copy the file there and compare the sha-256 before you trust it",
	];
}

/** As a POSIX shell wants it. */
function quoted(path: string): string {
	return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

function indented(lines: readonly string[]): readonly string[] {
	return lines.map((line) => (line === "" ? "" : `  ${line}`));
}
