/** The one user that the proxies with passwords know, and that password as each of them wants it. Worth nothing outside a run. */
import { Buffer } from "node:buffer";

export const USER = "bench";
export const PASSWORD = "Q2hhbmdlIG1lLCBwbGVhc2U";
export const BASIC = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`;

export type PasswordScheme = "plain" | "apr1" | "bcrypt";

/** As in a password file of nginx. Bcrypt has cost 10, as `htpasswd -B -C 10` makes it; nginx leaves it to the system's crypt(3). */
export const HASHES: Readonly<Record<PasswordScheme, string>> = {
	plain: `{PLAIN}${PASSWORD}`,
	apr1: "$apr1$benchben$OLx0fIr.hm0vLmFJzBHVa.",
	bcrypt: "$2y$10$W6BvFfjNlXh886WZRNgH6OmcOVk7W9Q9ewjDiOx38LKOSYz5vMGIK",
};
