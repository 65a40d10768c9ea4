/**
 * Makes keys from the system's random numbers.
 *
 * Every character is drawn without bias: a byte that does not fall into a whole number of alphabets is thrown away, because `byte % 62` would make
 * the first eight characters a quarter likelier than the rest.
 */
import { randomBytes } from "node:crypto";

import { Secret } from "../std/secret.ts";

import { formatKey, ID_ALPHABET, ID_LENGTH, SECRET_ALPHABET, SECRET_LENGTH } from "./key-format.ts";

export type RandomBytes = (size: number) => Uint8Array;

export interface MintedKey {
	readonly id: string;
	/** The whole key. It is shown once and kept nowhere. */
	readonly text: Secret;
	/** Last four characters of the secret, without the checksum. */
	readonly last4: string;
}

export function mintKeyId(random: RandomBytes = randomBytes): string {
	return draw(ID_LENGTH, ID_ALPHABET, random);
}

/** A fresh secret for an id: a new key's first, or the next of a rotation. */
export function mintKey(id: string, random: RandomBytes = randomBytes): MintedKey {
	const secret = draw(SECRET_LENGTH, SECRET_ALPHABET, random);
	return { id, text: new Secret(formatKey(id, secret)), last4: secret.slice(-4) };
}

function draw(length: number, alphabet: string, random: RandomBytes): string {
	const unbiased = 256 - (256 % alphabet.length);
	let drawn = "";
	while (drawn.length < length) {
		for (const byte of random(length)) {
			if (byte < unbiased && drawn.length < length) drawn += alphabet.charAt(byte % alphabet.length);
		}
	}
	return drawn;
}
