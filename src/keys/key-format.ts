/**
 * The shape of an API key: `rmp_live_` + 8 characters of id + `_` + 32 of secret + 6 of checksum, 56 in all.
 *
 *  - The prefix lets secret scanners find a leaked key; underscores let a double click select all of it.
 *  - The id is public: it names the key in lists and records. The secret carries 190 bits.
 *  - The checksum (CRC-32 in base 62 over all before it) tells a mistyped key, and nearly every made-up one, without a look at any store. It keeps
 *    nothing secret: anyone can compute it.
 */
import { crc32 } from "node:zlib";

import { SECRET_PREFIX } from "../model/api-key.ts";
import { invariant } from "../std/invariant.ts";

const KEY_PREFIX = `${SECRET_PREFIX}live_`;
export const ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
export const ID_LENGTH = 8;
export const SECRET_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
export const SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
export const KEY_LENGTH = KEY_PREFIX.length + ID_LENGTH + 1 + SECRET_LENGTH + CHECKSUM_LENGTH;

/** For secret scanners; unanchored. A match is a key only if its checksum holds too. */
export const KEY_PATTERN = /rmp_live_[0-9a-z]{8}_[0-9A-Za-z]{38}/;

const WHOLE = new RegExp(`^${KEY_PATTERN.source}$`);
const ID = /^[0-9a-z]{8}$/;
const SECRET = /^[0-9A-Za-z]{32}$/;

export function isKeyId(text: string): boolean {
	return ID.test(text);
}

/** The id that a well-formed key names; null for anything else. Says nothing about whether such a key exists. */
export function parseKey(text: string): { readonly id: string } | null {
	if (text.length !== KEY_LENGTH || !WHOLE.test(text)) return null;
	if (!hasItsChecksum(text)) return null;
	return { id: text.slice(KEY_PREFIX.length, KEY_PREFIX.length + ID_LENGTH) };
}

export function formatKey(id: string, secret: string): string {
	invariant(ID.test(id) && SECRET.test(secret), "a key is made of a well-formed id and secret");
	const body = `${KEY_PREFIX}${id}_${secret}`;
	return body + checksumOf(body);
}

/** Digit by digit from the last, without a text of its own: this happens for every request. */
function hasItsChecksum(text: string): boolean {
	let rest = crc32(text.slice(0, KEY_LENGTH - CHECKSUM_LENGTH));
	for (let place = KEY_LENGTH - 1; place >= KEY_LENGTH - CHECKSUM_LENGTH; place -= 1) {
		if (text.charCodeAt(place) !== SECRET_ALPHABET.charCodeAt(rest % SECRET_ALPHABET.length)) return false;
		rest = Math.floor(rest / SECRET_ALPHABET.length);
	}
	return true;
}

/** CRC-32 (the one of zlib) in base 62, most significant digit first, padded to six: 62^6 > 2^32. */
function checksumOf(body: string): string {
	let rest = crc32(body);
	let digits = "";
	for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
		digits = SECRET_ALPHABET.charAt(rest % SECRET_ALPHABET.length) + digits;
		rest = Math.floor(rest / SECRET_ALPHABET.length);
	}
	return digits;
}
