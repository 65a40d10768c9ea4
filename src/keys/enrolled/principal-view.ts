import type { EnrolledCredential, EnrolledPrincipal } from "../../model/enrolled-principal.ts";
import { fingerprintOfPublicKey } from "../signed/ssh-public-key.ts";

/** What a list tells about an enrolled principal. Nothing of it is secret. */
export interface PrincipalView {
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
	readonly credential: {
		readonly kind: EnrolledCredential["kind"];
		/** Of the public key as `ssh-keygen -lf` prints it, of a certificate its SHA-256 in hexadecimal. */
		readonly fingerprint: string;
		/** Null for what is no certificate. */
		readonly serial: string | null;
	};
}

export function principalViewOf(enrolled: EnrolledPrincipal, now: number): PrincipalView {
	const { id, name, role, models, groups, createdAt, expiresAt, revokedAt, credential } = enrolled;
	return {
		id,
		name,
		role,
		models,
		groups,
		state: principalStateOf(enrolled, now),
		createdAt,
		expiresAt,
		revokedAt,
		credential: {
			kind: credential.kind,
			fingerprint: fingerprintOf(enrolled),
			serial: credential.kind === "certificate" ? credential.serial : null,
		},
	};
}

export function principalStateOf({ revokedAt, expiresAt }: EnrolledPrincipal, now: number): PrincipalView["state"] {
	if (revokedAt !== null) return "revoked";
	return expiresAt !== null && expiresAt <= now ? "expired" : "active";
}

export function fingerprintOf({ credential }: EnrolledPrincipal): string {
	return credential.kind === "certificate" ? `SHA256:${credential.sha256}` : fingerprintOfPublicKey(credential.publicKey);
}
