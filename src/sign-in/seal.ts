/**
 * What a browser keeps for us while its person is at the provider: encrypted and authenticated, so that strangers who begin to sign in cost no memory.
 *
 * The key lives as long as the process. Whoever is on the way while it restarts begins again.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED_MAX = 4096;

export class Seal {
	readonly #key = randomBytes(32);

	close(value: object): string {
		const nonce = randomBytes(NONCE_BYTES);
		const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
		const text = Buffer.concat([cipher.update(JSON.stringify(value), "utf8"), cipher.final()]);
		return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString("base64url");
	}

	/** Null where it is not of this process, or was changed. */
	open(sealed: string): unknown {
		const bytes = sealed.length > SEALED_MAX ? Buffer.alloc(0) : Buffer.from(sealed, "base64url");
		if (bytes.length <= NONCE_BYTES + TAG_BYTES) return null;
		try {
			const decipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
			decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
			const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
			const value: unknown = JSON.parse(text.toString("utf8"));
			return value;
		} catch {
			// A wrong tag says no more than that it is not ours.
			return null;
		}
	}
}
