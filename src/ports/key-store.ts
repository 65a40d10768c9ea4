import type { ApiKey } from "../model/api-key.ts";

/** Where keys live. Every write is on disk (fsync) when its promise resolves; a store that cannot answer rejects with a Fault. */
export interface KeyStore {
	all(): Promise<readonly ApiKey[]>;
	/** Rejects where the id is taken. */
	insert(key: ApiKey): Promise<void>;
	/** Replaces the key of the same id whole. */
	replace(key: ApiKey): Promise<void>;
	close(): Promise<void>;
}
