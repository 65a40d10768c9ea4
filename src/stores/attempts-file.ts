/**
 * Wrong passwords as they were counted, in a file of the state directory, so that a restart does not make guessing free again.
 *
 *  - Replaced by renaming: after a crash there is the old content or the new.
 *  - It holds nobody's credential and no name in clear. A file that is missing, damaged or of another version means that counting begins anew: it makes
 *    guessing a little cheaper once, while a refusal to start would lock everyone out.
 */
import { open, readFile, rename, rm } from "node:fs/promises";

import type { AttemptSnapshot, AttemptStore } from "../ports/attempt-store.ts";

const VERSION = 1;

export class AttemptsFile implements AttemptStore {
	readonly #path: string;
	#saving: Promise<void> = Promise.resolve();

	constructor(path: string) {
		this.#path = path;
	}

	async load(): Promise<AttemptSnapshot | null> {
		try {
			const kept: unknown = JSON.parse(await readFile(this.#path, "utf8"));
			return isKept(kept) ? kept.snapshot : null;
		} catch {
			// Whatever is wrong with it, there is nothing to count on.
			return null;
		}
	}

	/** One at a time, in the order asked. */
	save(snapshot: AttemptSnapshot): Promise<void> {
		this.#saving = this.#saving.catch(() => undefined).then(() => this.#write(JSON.stringify({ version: VERSION, snapshot })));
		return this.#saving;
	}

	async #write(text: string): Promise<void> {
		const draft = `${this.#path}.new`;
		await rm(draft, { force: true });
		{
			// "wx": nothing that lies there is written through.
			await using file = await open(draft, "wx", 0o600);
			await file.writeFile(text);
			await file.sync();
		}
		await rename(draft, this.#path);
	}
}

function isKept(value: unknown): value is { readonly snapshot: AttemptSnapshot } {
	if (!isObject(value) || value["version"] !== VERSION) return false;
	const { snapshot } = value;
	if (!isObject(snapshot)) return false;
	const { networks, accounts, pairs, all, known } = snapshot;
	return [networks, accounts, pairs].every((rows) => isRows(rows, 2)) && isRows(known, 1) && isNumbers(all, 2);
}

function isRows(value: unknown, numbers: number): boolean {
	return Array.isArray(value) && value.every((row) => Array.isArray(row) && typeof row[0] === "string" && isNumbers(row.slice(1), numbers));
}

function isNumbers(value: unknown, count: number): boolean {
	return Array.isArray(value) && value.length === count && value.every((one) => Number.isFinite(one));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null;
}
