import type { ApiKey } from "../model/api-key.ts";

/** What a list or `key show` tells about a key: everything but what could open it. */
export interface KeyView {
	readonly id: string;
	readonly name: string;
	readonly role: string;
	readonly models: readonly string[] | null;
	readonly groups: readonly string[];
	readonly state: "active" | "expired" | "revoked";
	/** Unix ms, as are all times here. */
	readonly createdAt: number;
	readonly expiresAt: number | null;
	readonly revokedAt: number | null;
	/** Newest first; those that still open the key, or would if it were not expired or revoked. */
	readonly secrets: readonly { readonly last4: string; readonly createdAt: number; readonly expiresAt: number | null }[];
}

export function keyViewOf(key: ApiKey, now: number): KeyView {
	return {
		id: key.id,
		name: key.name,
		role: key.role,
		models: key.models,
		groups: key.groups,
		state: keyStateOf(key, now),
		createdAt: key.createdAt,
		expiresAt: key.expiresAt,
		revokedAt: key.revokedAt,
		secrets: key.secrets
			.filter((secret) => secret.expiresAt === null || secret.expiresAt > now)
			.map(({ last4, createdAt, expiresAt }) => ({ last4, createdAt, expiresAt })),
	};
}

export function keyStateOf(key: ApiKey, now: number): KeyView["state"] {
	if (key.revokedAt !== null) return "revoked";
	return key.expiresAt !== null && key.expiresAt <= now ? "expired" : "active";
}
