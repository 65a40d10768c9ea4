import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { matches } from "./matches.ts";
import { readStoredHash } from "./stored-hash.ts";

function check(text: string, password: string): boolean {
	const stored = readStoredHash(text);
	assert.ok(!("refused" in stored), "refused" in stored ? stored.refused : "");
	return matches(stored, password);
}

const LONG = "a very much longer text to encrypt.  This one even stretches over morethan one line.";

/** Where each comes from, the stored text, the password. */
const vectors: readonly (readonly [from: string, stored: string, password: string])[] = [
	["Drepper", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!"],
	["Drepper", "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA", "Hello world!"],
	["Drepper", "$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5", "This is just a test"],
	["Drepper", "$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1", LONG],
	["Drepper", "$5$rounds=77777$short$JiO1O3ZpDAxGJeaDIuqCoEFysAe1mZNJRs3pw0KQRd/", "we have a short salt string but not a short password"],
	["Drepper", "$5$rounds=1000$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC", "the minimum number is still observed"],
	["Drepper", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1", "Hello world!"],
	[
		"Drepper",
		"$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
		"Hello world!",
	],
	["htpasswd 2.4.71 -m", "$apr1$M4nUaSyY$KlcPWhck5Znladn0KI1G.1", "correct horse"],
	["htpasswd 2.4.71 -m", "$apr1$7S5K7ON3$JCYAw6oHdKq5PRhIRFyl80", ""],
	["htpasswd 2.4.71 -s", "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=", "correct horse"],
	["htpasswd 2.4.71 -2", "$5$QOqTbTuh2HOfK5fA$K55kUsWdV0I9MvmQ43aH5sPypxuDozbwsZi7OxvqbZ4", "correct horse"],
	["htpasswd 2.4.71 -2 -r 1000", "$5$rounds=1000$Z/YUfvx66R9xB7KS$mEr/Xp0Nz9Gi/7XoqwiIh9S3mNdZxtv/7krvatAc9r1", "grüße ✓"],
	[
		"htpasswd 2.4.71 -5",
		"$6$vV3oXQTrrKDyCciN$eKGwvsycJZkuRz6d9dOW8n7A2qqyChU4vPhQlpVXQCV.JOWJsdsBxiHMLz3m0S34eWfyicxbYFWP3u2uoH2QN/",
		"correct horse",
	],
	["htpasswd 2.4.71 -B", "$2y$05$E5bcLY9XStDkbswWlh/lXO2LOSOrAAYL5esCaJZmseQZBAyiRM6Sq", "correct horse"],
	["htpasswd 2.4.71 -B -C 10", "$2y$10$9Gg1ynZwe74s/5DXsKKnje0Ssv0PrxLhseiJn5cOoyo8SE1iMT8se", "correct horse"],
	["openssl passwd -1", "$1$abcd$Oy8OD9LGKv7H9yIMreLNV1", "secret"],
	["openssl passwd -apr1", "$apr1$abcd$wdPjgnTArUvGHPa0JgcKo.", "secret"],
	["argon2's own test", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password"],
	["argon2's own test", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8", "password"],
	["openssl dgst -sha1", "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0", "secret"],
	["nginx", "{PLAIN}correct horse", "correct horse"],
];

for (const [from, stored, password] of vectors) {
	test(`${stored.slice(0, 24)}… of ${from} opens to its password and to no other`, () => {
		assert.equal(check(stored, `${password}x`), false);
		assert.equal(check(stored, password.slice(1)), password === "");
		assert.equal(check(stored, password), true);
	});
}

test("a password longer than bcrypt reads is refused, though bcrypt itself would take it", () => {
	const stored = "$2b$04$W/edA.Wf3oDy5.JrEUWA2OaWl1pMWpdiVZY/TMXKo5Svw2vKbOrPW";
	const whole = "0123456789".repeat(8).slice(0, 72);
	assert.equal(check(stored, whole), true);
	assert.equal(check(stored, `${whole}8`), false);
});

const refusals: readonly (readonly [what: string, stored: string, why: RegExp])[] = [
	["DES crypt", "Ax8LOGF4SAHoU", /no kind of hash/],
	["unmarked plain text", "hunter2", /no kind of hash/],
	["nothing", "", /no kind of hash/],
	["an empty marked password", "{PLAIN}", /not one that is read here/],
	["another digest", "{SMD5}Q2VJUVhPVkY0cDBvMkpqdw==", /not one that is read here/],
	["yescrypt", "$y$j9T$abc$def", /yescrypt/],
	["bcrypt cut short", "$2y$10$9Gg1ynZwe74s/5DXsKKnje0Ssv0PrxLhseiJn5cOoyo8SE1iMT8s", /damaged/],
	["the bcrypt with the sign extension bug", "$2x$10$9Gg1ynZwe74s/5DXsKKnje0Ssv0PrxLhseiJn5cOoyo8SE1iMT8se", /not one that is read here/],
	["bcrypt that takes minutes", "$2y$25$9Gg1ynZwe74s/5DXsKKnje0Ssv0PrxLhseiJn5cOoyo8SE1iMT8se", /cost 25/],
	["bcrypt of no cost", "$2y$03$9Gg1ynZwe74s/5DXsKKnje0Ssv0PrxLhseiJn5cOoyo8SE1iMT8se", /cost 3/],
	["SHA crypt that takes minutes", "$5$rounds=999999999$salt$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", /999999999 rounds/],
	["digits of SHA-256 under the prefix of SHA-512", "$6$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", /damaged/],
	[
		"argon2 that takes all memory",
		"$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		/99999999 KiB/,
	],
	["argon2 with too little for its lanes", "$argon2id$v=19$m=8,t=2,p=4$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", /8 KiB/],
	["the first argon2", "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY", /damaged/],
];

for (const [what, stored, why] of refusals) {
	test(`refuses ${what}, and does not repeat it`, () => {
		const reading = readStoredHash(stored);
		assert.ok("refused" in reading);
		assert.match(reading.refused, why);
		assert.ok(stored === "" || !reading.refused.includes(stored));
	});
}

const weaknesses: readonly (readonly [stored: string, weakness: RegExp | null])[] = [
	["{PLAIN}x", /plain text/],
	["{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=", /SHA-1 without salt/],
	["$apr1$M4nUaSyY$KlcPWhck5Znladn0KI1G.1", /MD5/],
	["$2y$05$E5bcLY9XStDkbswWlh/lXO2LOSOrAAYL5esCaJZmseQZBAyiRM6Sq", /cost 5/],
	["$2y$10$9Gg1ynZwe74s/5DXsKKnje0Ssv0PrxLhseiJn5cOoyo8SE1iMT8se", null],
	["$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", null],
	["$5$rounds=1000$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC", /1000 rounds/],
	["$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", /256 KiB/],
	["$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", null],
	["$argon2id$v=19$m=47104,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", null],
];

test("what is quick to guess is said, what is not is passed over", () => {
	for (const [stored, weakness] of weaknesses) {
		const reading = readStoredHash(stored);
		assert.ok(!("refused" in reading), stored);
		if (weakness === null) assert.equal(reading.weakness, null, stored);
		else assert.match(reading.weakness ?? "", weakness);
	}
});

test("no text makes reading throw, and none that is refused comes back in the reason", () => {
	const part = fc.constantFrom(
		"$2y$",
		"$5$",
		"$6$",
		"$apr1$",
		"$1$",
		"$argon2id$v=19$m=8,t=1,p=1$",
		"{SHA}",
		"{SSHA}",
		"rounds=1000$",
		"$",
		"10$",
		"abcdefgh",
	);
	fc.assert(
		fc.property(fc.array(fc.oneof(part, fc.string({ maxLength: 60, size: "max" })), { maxLength: 6 }), (parts) => {
			const text = parts.join("");
			const reading = readStoredHash(text);
			if ("refused" in reading) assert.ok(text.length < 12 || !reading.refused.includes(text));
			else assert.equal(reading.text, text);
		}),
	);
});
