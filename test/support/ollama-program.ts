/**
 * The stock `ollama` program where this machine has one: the one that `REMPART_TEST_OLLAMA_CLI` names, else the one on the path.
 *
 * A named one that is not there fails the test rather than being passed over; where there is none at all, the test says so.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";

import type { OllamaClientKey } from "./ollama-client-key.ts";

export interface ProgramRun {
	readonly exit: number | null;
	readonly output: string;
	readonly errors: string;
}

/** Null, and a diagnostic, where there is none. */
export function findOllamaProgram(t: TestContext): string | null {
	const named = process.env["REMPART_TEST_OLLAMA_CLI"];
	if (named !== undefined && named !== "") {
		accessSync(named, constants.X_OK);
		t.diagnostic(`the ollama program: ${named}`);
		return named;
	}
	const found = (process.env["PATH"] ?? "")
		.split(delimiter)
		.map((folder) => join(folder, "ollama"))
		.find(isProgram);
	t.diagnostic(
		found === undefined ? "absent: the ollama program (REMPART_TEST_OLLAMA_CLI, or ollama on the path)" : `the ollama program: ${found}`,
	);
	return found ?? null;
}

function isProgram(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		// Not there, or not to be run: the next folder may have one.
		return false;
	}
}

export class OllamaProgram {
	readonly #program: string;
	readonly #environment: Readonly<Record<string, string>>;

	/** `home` is made its own; nothing of the real user's is read. */
	constructor(program: string, { home, url, ca, key }: { home: string; url: string; ca: string; key: OllamaClientKey }) {
		this.#program = program;
		mkdirSync(join(home, ".ollama"), { recursive: true });
		writeFileSync(join(home, ".ollama", "id_ed25519"), key.privateKeyPem, { mode: 0o600 });
		writeFileSync(join(home, ".ollama", "id_ed25519.pub"), key.line);
		const caFile = join(home, "ca.pem");
		writeFileSync(caFile, ca);
		this.#environment = { HOME: home, OLLAMA_HOST: url, OLLAMA_AUTH: "1", SSL_CERT_FILE: caFile, NO_PROXY: "*" };
	}

	async run(words: readonly string[], changes: Readonly<Record<string, string>> = {}): Promise<ProgramRun> {
		const child = spawn(this.#program, words, { env: { ...this.#environment, ...changes }, stdio: ["ignore", "pipe", "pipe"] });
		const written = { output: "", errors: "" };
		child.stdout.setEncoding("utf8").on("data", (text: string) => (written.output += text));
		child.stderr.setEncoding("utf8").on("data", (text: string) => (written.errors += text));
		const [exit]: unknown[] = await once(child, "close");
		return { exit: typeof exit === "number" ? exit : null, ...written };
	}
}
