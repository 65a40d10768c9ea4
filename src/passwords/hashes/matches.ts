/**
 * Whether a password is the one behind a stored hash. Synchronous and slow: runs in a worker, nowhere else.
 *
 *  - Digests are compared in constant time.
 *  - bcrypt reads 72 bytes and passes over the rest, so a longer password is refused after the same work: two passwords must not open one door.
 */
import { argon2Sync, hash, timingSafeEqual } from "node:crypto";

import { compareSync } from "bcryptjs";

import { md5Crypt } from "./md5-crypt.ts";
import { shaCrypt } from "./sha-crypt.ts";
import type { StoredHash } from "./stored-hash.ts";

const BCRYPT_BYTES = 72;

export function matches(stored: StoredHash, password: string): boolean {
	const bytes = Buffer.from(password, "utf8");
	switch (stored.scheme) {
		case "bcrypt":
			return compareSync(password, stored.text) && bytes.length <= BCRYPT_BYTES;
		case "argon2d":
		case "argon2i":
		case "argon2id": {
			const { memoryKiB, passes, lanes, salt, tag } = stored.argon2;
			const made = argon2Sync(stored.scheme, {
				message: bytes,
				nonce: salt,
				parallelism: lanes,
				tagLength: tag.length,
				memory: memoryKiB,
				passes,
			});
			return timingSafeEqual(made, tag);
		}
		case "sha256-crypt":
		case "sha512-crypt":
			return sameText(shaCrypt(stored.scheme, bytes, Buffer.from(stored.salt, "utf8"), stored.rounds), stored.digits);
		case "md5-crypt":
			return sameText(md5Crypt(stored.prefix, bytes, Buffer.from(stored.salt, "utf8")), stored.digits);
		case "sha1":
			return timingSafeEqual(hash("sha1", Buffer.concat([bytes, stored.salt]), "buffer"), stored.digest);
		case "plain":
			return sameText(password, stored.password);
	}
}

/** Hashed first, so that texts of unequal length compare in the same time. */
function sameText(one: string, other: string): boolean {
	return timingSafeEqual(hash("sha256", one, "buffer"), hash("sha256", other, "buffer"));
}
