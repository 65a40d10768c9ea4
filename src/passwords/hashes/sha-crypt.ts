/**
 * SHA-256 and SHA-512 crypt (`$5$`, `$6$`), after Ulrich Drepper's specification "Unix crypt using SHA-256 and SHA-512", version 0.6.
 *
 *  - Its published vectors are the test.
 *  - Synchronous, and slow by intent: runs in a worker. The work grows with the password's length, so callers bound it.
 */
import { hash } from "node:crypto";

import { cryptDigits } from "./crypt-digits.ts";

/** Of a hash that names none. */
export const DEFAULT_ROUNDS = 5_000;

interface Variant {
	readonly algorithm: "sha256" | "sha512";
	readonly places: readonly (readonly number[])[];
}

/** Step 22 of the specification: which bytes make which digits. */
const SHA256: Variant = {
	algorithm: "sha256",
	places: [
		[0, 10, 20],
		[21, 1, 11],
		[12, 22, 2],
		[3, 13, 23],
		[24, 4, 14],
		[15, 25, 5],
		[6, 16, 26],
		[27, 7, 17],
		[18, 28, 8],
		[9, 19, 29],
		[31, 30],
	],
};
const SHA512: Variant = {
	algorithm: "sha512",
	places: [
		...Array.from({ length: 21 }, (_, at) => {
			const turned = [at, at + 21, at + 42];
			const start = at % 3;
			return [...turned.slice(start), ...turned.slice(0, start)];
		}),
		[63],
	],
};

/** The digits after the last dollar. */
export function shaCrypt(scheme: "sha256-crypt" | "sha512-crypt", password: Uint8Array, salt: Uint8Array, rounds: number): string {
	const { algorithm, places } = scheme === "sha256-crypt" ? SHA256 : SHA512;
	const digest = (...parts: readonly Uint8Array[]): Buffer => hash(algorithm, Buffer.concat(parts), "buffer");

	const mixed = digest(password, salt, password);
	const bits: Uint8Array[] = [];
	for (let length = password.length; length > 0; length >>>= 1) bits.push((length & 1) === 1 ? mixed : password);
	let state = digest(password, salt, repeated(mixed, password.length), ...bits);

	const passwords = repeated(digest(...Array.from({ length: password.length }, () => password)), password.length);
	const salts = repeated(digest(...Array.from({ length: 16 + (state[0] ?? 0) }, () => salt)), salt.length);

	for (let round = 0; round < rounds; round += 1) {
		const odd = (round & 1) === 1;
		const parts: Uint8Array[] = [odd ? passwords : state];
		if (round % 3 !== 0) parts.push(salts);
		if (round % 7 !== 0) parts.push(passwords);
		parts.push(odd ? state : passwords);
		state = digest(...parts);
	}
	return cryptDigits(state, places);
}

/** As many bytes as asked for, the digest over and over. */
function repeated(digest: Uint8Array, length: number): Buffer {
	return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, digest);
}
