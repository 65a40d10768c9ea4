/**
 * What the second field of an htpasswd line may be, read into what checking it needs.
 *
 *  - Every scheme names itself by its prefix. A field without one is refused: thirteen characters of DES crypt and a password in clear look alike, and
 *    whoever took the one for the other would let the stored text itself in as the password.
 *  - Costs are bounded, so that one line cannot occupy a worker for minutes or take all memory.
 *  - `weakness` is what an operator is told; it is null where nothing need be done.
 */
import { DEFAULT_ROUNDS } from "./sha-crypt.ts";

export type StoredHash = { readonly text: string; readonly weakness: string | null } & (
	| { readonly scheme: "bcrypt" }
	| { readonly scheme: "argon2d" | "argon2i" | "argon2id"; readonly argon2: Argon2 }
	| { readonly scheme: "sha256-crypt" | "sha512-crypt"; readonly salt: string; readonly rounds: number; readonly digits: string }
	| { readonly scheme: "md5-crypt"; readonly prefix: "$apr1$" | "$1$"; readonly salt: string; readonly digits: string }
	| { readonly scheme: "sha1"; readonly digest: Buffer; readonly salt: Buffer }
	| { readonly scheme: "plain"; readonly password: string }
);

export interface Argon2 {
	readonly memoryKiB: number;
	readonly passes: number;
	readonly lanes: number;
	readonly salt: Buffer;
	readonly tag: Buffer;
}

export type HashReading = StoredHash | { readonly refused: string };

/** 2^16 rounds take seconds. */
const BCRYPT_COSTLIEST = 16;
const BCRYPT_ENOUGH = 10;
const ROUNDS_MOST = 5_000_000;
const ROUNDS_LEAST = 1_000;
const ROUNDS_ENOUGH = 5_000;
const ARGON2_KIB_MOST = 1024 * 1024;
const ARGON2_PASSES_MOST = 64;
const ARGON2_LANES_MOST = 16;
/** OWASP's equivalent settings (46 MiB × 1, 19 × 2, 12 × 3, 9 × 4, 7 × 5) all come to 35 MiB or more. */
const ARGON2_ENOUGH_KIB = 35 * 1024;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const ARGON2 = /^\$(argon2id|argon2i|argon2d)\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,172})$/;
const SHA_CRYPT = /^\$([56])\$(?:rounds=([1-9]\d{0,8})\$)?([^$:]{0,16})\$([./0-9A-Za-z]+)$/;
const MD5_CRYPT = /^(\$apr1\$|\$1\$)([^$:]{0,8})\$([./0-9A-Za-z]{22})$/;
const SHA1 = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/;
const SALTED_SHA1 = /^\{SSHA\}([A-Za-z0-9+/]{28,340}={0,2})$/;
const PLAIN = /^\{PLAIN\}(.+)$/;

const FAST = "is quick to guess once the file is read by others";

export function readStoredHash(text: string): HashReading {
	return (
		readBcrypt(text) ?? readArgon2(text) ?? readShaCrypt(text) ?? readMd5Crypt(text) ?? readSha1(text) ?? readPlain(text) ?? unknown(text)
	);
}

function readBcrypt(text: string): HashReading | null {
	const cost = Number(BCRYPT.exec(text)?.[1]);
	if (Number.isNaN(cost)) return null;
	if (cost < 4 || cost > BCRYPT_COSTLIEST) return { refused: `bcrypt of cost ${cost} is not between 4 and ${BCRYPT_COSTLIEST}` };
	return { scheme: "bcrypt", text, weakness: cost < BCRYPT_ENOUGH ? `bcrypt of cost ${cost} ${FAST}` : null };
}

function readArgon2(text: string): HashReading | null {
	const [, scheme, memory, time, parallel, salt = "", tag = ""] = ARGON2.exec(text) ?? [];
	if (scheme !== "argon2id" && scheme !== "argon2i" && scheme !== "argon2d") return null;
	const [memoryKiB, passes, lanes] = [Number(memory), Number(time), Number(parallel)];
	const fits = memoryKiB <= ARGON2_KIB_MOST && passes <= ARGON2_PASSES_MOST && lanes <= ARGON2_LANES_MOST;
	// RFC 9106 §3.1.
	if (!fits || passes < 1 || lanes < 1 || memoryKiB < 8 * lanes)
		return { refused: `argon2 with ${memoryKiB} KiB, ${passes} passes and ${lanes} lanes` };
	const weak = memoryKiB * passes < ARGON2_ENOUGH_KIB;
	const argon2 = { memoryKiB, passes, lanes, salt: Buffer.from(salt, "base64"), tag: Buffer.from(tag, "base64") };
	return { scheme, text, argon2, weakness: weak ? `argon2 with ${memoryKiB} KiB and ${passes} passes ${FAST}` : null };
}

function readShaCrypt(text: string): HashReading | null {
	const [, version, written, salt = "", digits = ""] = SHA_CRYPT.exec(text) ?? [];
	if (version === undefined) return null;
	if (digits.length !== (version === "5" ? 43 : 86)) return null;
	const rounds = written === undefined ? DEFAULT_ROUNDS : Number(written);
	if (rounds < ROUNDS_LEAST || rounds > ROUNDS_MOST)
		return { refused: `${rounds} rounds are not between ${ROUNDS_LEAST} and ${ROUNDS_MOST}` };
	const weakness = rounds < ROUNDS_ENOUGH ? `SHA crypt of ${rounds} rounds ${FAST}` : null;
	return { scheme: version === "5" ? "sha256-crypt" : "sha512-crypt", text, salt, rounds, digits, weakness };
}

function readMd5Crypt(text: string): HashReading | null {
	const [, prefix, salt = "", digits = ""] = MD5_CRYPT.exec(text) ?? [];
	if (prefix !== "$apr1$" && prefix !== "$1$") return null;
	return { scheme: "md5-crypt", text, prefix, salt, digits, weakness: `MD5 crypt ${FAST}` };
}

function readSha1(text: string): HashReading | null {
	const unsalted = SHA1.exec(text)?.[1];
	const bytes = Buffer.from(unsalted ?? SALTED_SHA1.exec(text)?.[1] ?? "", "base64");
	if (bytes.length < 20) return null;
	const weakness = unsalted === undefined ? `salted SHA-1 ${FAST}` : `SHA-1 without salt ${FAST}`;
	return { scheme: "sha1", text, digest: bytes.subarray(0, 20), salt: bytes.subarray(20), weakness };
}

function readPlain(text: string): HashReading | null {
	const password = PLAIN.exec(text)?.[1];
	return password === undefined ? null : { scheme: "plain", text, password, weakness: "the password stands there in plain text" };
}

/** Never quotes the field: it may be a password. */
function unknown(text: string): HashReading {
	if (/^\$(y|gy|7)\$/.test(text)) return { refused: "yescrypt and scrypt of crypt(3) are not read here" };
	if (text.startsWith("$") || text.startsWith("{")) return { refused: "its kind of hash is not one that is read here, or it is damaged" };
	return { refused: "it names no kind of hash: DES crypt and unmarked plain text are refused" };
}
