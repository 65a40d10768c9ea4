/** A state directory with any number of keys in it, and their texts in a file beside it. */
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { KeyMac } from "../../src/keys/key-mac.ts";
import { mintKey, mintKeyId } from "../../src/keys/mint-key.ts";
import { KeyDatabase } from "../../src/stores/sqlite/key-database.ts";
import { openStores } from "../../src/stores/sqlite/open-stores.ts";
import { StateFiles } from "../../src/stores/sqlite/state-files.ts";

/** Every key is committed by itself; where files are memory, a hundred thousand commits take seconds. */
const IN_MEMORY = "/dev/shm";

/** Makes `state` and the file of keys, one a line. The keys may infer. */
export async function makeState(state: string, keyFile: string, count: number): Promise<void> {
	const making = mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), "rempart-keys-"));
	try {
		const stores = await openStores({ directory: making, clock: Date.now });
		const mac = new KeyMac(stores.pepper);
		await stores.close();
		const database = new KeyDatabase(new StateFiles(making).keys, Date.now());
		const texts: string[] = [];
		for (let made = 0; made < count; made += 1) {
			const { id, text, last4 } = mintKey(mintKeyId());
			const createdAt = Date.now();
			const secrets = [{ mac: mac.macOf(text.reveal()), last4, createdAt, expiresAt: null }];
			const isNew = database.insert({
				id,
				name: `key ${made}`,
				role: "user",
				models: null,
				groups: [],
				createdAt,
				expiresAt: null,
				revokedAt: null,
				secrets,
			});
			if (isNew) texts.push(text.reveal());
		}
		database.close();
		writeFileSync(keyFile, `${texts.join("\n")}\n`, { mode: 0o600 });
		cpSync(making, state, { recursive: true });
		chmodSync(state, 0o700);
	} finally {
		rmSync(making, { recursive: true, force: true });
	}
}
