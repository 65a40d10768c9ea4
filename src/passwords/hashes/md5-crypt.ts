/**
 * MD5 crypt: Apache's `$apr1$`, which `htpasswd` makes where nothing is asked for, and its elder `$1$`, which differs in the prefix alone.
 *
 * A thousand rounds of MD5 are quick to guess; whoever lists such a user is told so. Poul-Henning Kamp's algorithm, FreeBSD 1994.
 */
import { hash } from "node:crypto";

import { cryptDigits } from "./crypt-digits.ts";

const ROUNDS = 1_000;
const PLACES = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]];
const ZERO = Buffer.alloc(1);

/** The digits after the last dollar. */
export function md5Crypt(prefix: "$apr1$" | "$1$", password: Uint8Array, salt: Uint8Array): string {
	const digest = (...parts: readonly Uint8Array[]): Buffer => hash("md5", Buffer.concat(parts), "buffer");
	const first = password.subarray(0, 1);
	const mixed = digest(password, salt, password);
	const bits: Uint8Array[] = [];
	for (let length = password.length; length > 0; length >>>= 1) bits.push((length & 1) === 1 ? ZERO : first);
	const stretched = password.length === 0 ? [] : [Buffer.alloc(password.length, mixed)];
	let state = digest(password, Buffer.from(prefix), salt, ...stretched, ...bits);

	for (let round = 0; round < ROUNDS; round += 1) {
		const odd = (round & 1) === 1;
		const parts: Uint8Array[] = [odd ? password : state];
		if (round % 3 !== 0) parts.push(salt);
		if (round % 7 !== 0) parts.push(password);
		parts.push(odd ? state : password);
		state = digest(...parts);
	}
	return cryptDigits(state, PLACES);
}
