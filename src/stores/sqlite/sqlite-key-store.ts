import type { ApiKey } from "../../model/api-key.ts";
import { Fault } from "../../model/fault.ts";
import type { KeyStore } from "../../ports/key-store.ts";

import type { StoreRequest } from "./protocol.ts";
import type { Succeeded, WorkerLink } from "./worker-link.ts";

/** Keys in the worker's database. A call after a failure opens the database anew, so the store recovers as soon as the disk does. */
export class SqliteKeyStore implements KeyStore {
	readonly #link: WorkerLink;
	#closed = false;

	constructor(link: WorkerLink) {
		this.#link = link;
	}

	async all(): Promise<readonly ApiKey[]> {
		const reply = await this.#ask({ kind: "all-keys" });
		return reply.kind === "keys" ? reply.keys : [];
	}

	async insert(key: ApiKey): Promise<void> {
		const reply = await this.#ask({ kind: "insert-key", key });
		if (reply.kind === "conflict") throw new Error(`the key id ${key.id} is taken`);
	}

	async replace(key: ApiKey): Promise<void> {
		const reply = await this.#ask({ kind: "replace-key", key });
		if (reply.kind === "conflict") throw new Error(`there is no key ${key.id} to replace`);
	}

	/** Every write is on disk already. The file itself belongs to whoever opened it. */
	close(): Promise<void> {
		this.#closed = true;
		return Promise.resolve();
	}

	async #ask(request: StoreRequest): Promise<Succeeded> {
		if (this.#closed) throw new Fault("key-store-unavailable", "the key store is closed");
		try {
			return await this.#link.ask(request);
		} catch (cause) {
			const why = cause instanceof Error ? cause.message : String(cause);
			throw new Fault("key-store-unavailable", `the key store cannot be used: ${why}`, { cause });
		}
	}
}
