import type { ApiKey } from "../../src/model/api-key.ts";
import { Fault } from "../../src/model/fault.ts";
import type { KeyStore } from "../../src/ports/key-store.ts";

/** A key store in memory, for tests of whatever administers keys. Passes the same contract as the real one; `fail` makes every call reject. */
export class MemoryKeyStore implements KeyStore {
	readonly #keys = new Map<string, ApiKey>();
	#problem: string | null = null;

	async all(): Promise<readonly ApiKey[]> {
		await this.#turn();
		return structuredClone([...this.#keys.values()]).toSorted((one, other) => one.createdAt - other.createdAt);
	}

	async insert(key: ApiKey): Promise<void> {
		await this.#turn();
		if (this.#keys.has(key.id)) throw new Error(`the key id ${key.id} is taken`);
		this.#keys.set(key.id, structuredClone(key));
	}

	async replace(key: ApiKey): Promise<void> {
		await this.#turn();
		if (!this.#keys.has(key.id)) throw new Error(`there is no key ${key.id} to replace`);
		this.#keys.set(key.id, structuredClone(key));
	}

	close(): Promise<void> {
		this.#problem = "it is closed";
		return Promise.resolve();
	}

	fail(problem: string): void {
		this.#problem = problem;
	}

	recover(): void {
		this.#problem = null;
	}

	async #turn(): Promise<void> {
		await Promise.resolve();
		if (this.#problem !== null) throw new Fault("key-store-unavailable", `the key store cannot be used: ${this.#problem}`);
	}
}
