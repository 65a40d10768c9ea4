/**
 * The line of an `id_ed25519.pub`: `ssh-ed25519 BASE64 [comment]` (RFC 8709 §4, RFC 4253 §6.6).
 *
 *  - Ed25519 alone: the `ollama` program makes and uses no other key.
 *  - One spelling a key: the base64 is canonical, so two texts that differ are two keys.
 *  - Points of small order are refused. They have no private key, and by the letter of RFC 8032 anybody can make signatures that hold for them.
 *  - A private key pasted by mistake is recognised, and never repeated in the answer.
 */
import { createHash, createPublicKey, type KeyObject } from "node:crypto";

/** string "ssh-ed25519", string of 32 bytes: 51 bytes, so 68 characters without padding, the first 25 always the same. */
const BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAI[A-P][A-Za-z0-9+/]{42}";
const PUBLIC_KEY = new RegExp(`^${BLOB}$`);
const HEADER_BYTES = 19;
/** Without the sign of x: encodings of the eight points of small order, those that are not canonical included (as libsodium lists them). */
const SMALL_ORDER: ReadonlySet<string> = new Set([
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** The shape of a public key's base64, for those who look for one inside a longer text. */
export const PUBLIC_KEY_SHAPE = BLOB;
export const PUBLIC_KEY_LENGTH = 68;

export type ReadPublicKey = { readonly publicKey: string } | { readonly problem: string; readonly hint: string };

/** `text` is the file as it is: one line, with or without a comment and a line's end. */
export function readPublicKeyLine(text: string): ReadPublicKey {
	const hint = "give the one line of ~/.ollama/id_ed25519.pub, which begins with ssh-ed25519";
	if (text.includes("PRIVATE KEY")) return { problem: "that is a private key, which belongs to its owner alone", hint };
	const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
	const [line = ""] = lines;
	if (lines.length > 1) return { problem: "there is more than one line", hint: "enrol one key at a time" };
	const [type = "", publicKey = ""] = line.trim().split(/[ \t]+/, 2);
	if (type !== "ssh-ed25519") return { problem: "it is not the line of an Ed25519 public key", hint };
	if (!isPublicKey(publicKey)) return { problem: "the public key is damaged", hint };
	const point = pointOf(publicKey);
	point.writeUInt8(point.readUInt8(31) & 0x7f, 31);
	if (SMALL_ORDER.has(point.toString("hex"))) return { problem: "anybody could sign for that public key", hint: "make a proper one" };
	return { publicKey };
}

/** Whether a text has the form of what `readPublicKeyLine` gives. */
export function isPublicKey(text: string): boolean {
	return PUBLIC_KEY.test(text);
}

/** Of what `readPublicKeyLine` gave. */
export function keyObjectOf(publicKey: string): KeyObject {
	return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: pointOf(publicKey).toString("base64url") } });
}

/** As `ssh-keygen -lf id_ed25519.pub` prints it. */
export function fingerprintOfPublicKey(publicKey: string): string {
	return `SHA256:${createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("base64").replace(/=+$/, "")}`;
}

function pointOf(publicKey: string): Buffer {
	return Buffer.from(publicKey, "base64").subarray(HEADER_BYTES);
}
