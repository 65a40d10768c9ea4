/**
 * State that may be lost but had better not be: one JSON file of the state directory, replaced whole.
 *
 *  - Replaced by renaming: after a crash there is the old content or the new.
 *  - A file that is missing, damaged or of another version is nothing: whoever keeps state here begins anew, which is worse than a little and better than
 *    a server that does not start.
 */
import { open, readFile, rename, rm } from "node:fs/promises";

const VERSION = 1;

export class SnapshotFile<T> {
	readonly #path: string;
	readonly #isSnapshot: (value: unknown) => value is T;
	#saving: Promise<void> = Promise.resolve();

	constructor(path: string, isSnapshot: (value: unknown) => value is T) {
		this.#path = path;
		this.#isSnapshot = isSnapshot;
	}

	async load(): Promise<T | null> {
		try {
			const kept: unknown = JSON.parse(await readFile(this.#path, "utf8"));
			const snapshot = isObject(kept) && kept["version"] === VERSION ? kept["snapshot"] : null;
			return this.#isSnapshot(snapshot) ? snapshot : null;
		} catch {
			// Whatever is wrong with it, there is nothing to go on from.
			return null;
		}
	}

	/** One at a time, in the order asked. */
	save(snapshot: T): Promise<void> {
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

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null;
}

/** Whether these are lists that begin with a text, followed by so many numbers. */
export function isRows(value: unknown, numbers: number): boolean {
	return Array.isArray(value) && value.every((row) => Array.isArray(row) && typeof row[0] === "string" && isNumbers(row.slice(1), numbers));
}

export function isNumbers(value: unknown, count: number): boolean {
	return Array.isArray(value) && value.length === count && value.every((one) => Number.isFinite(one));
}
