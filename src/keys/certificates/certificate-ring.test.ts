import assert from "node:assert/strict";
import { test } from "node:test";

import type { EnrolledPrincipal } from "../../model/enrolled-principal.ts";
import type { CertificateNames, PresentedCertificate } from "../../ports/certificate-ring.ts";
import { type CertificateRingSettings, MemoryCertificateRing } from "./certificate-ring.ts";
import { plainSerial } from "./plain-serial.ts";

const NOW = 1_000_000;
const SHA = "ab".repeat(32);
const NAMES: CertificateNames = { cn: ["ada"], ou: [], dns: ["ci.build.example.org"], email: [], uri: [] };
const SETTINGS: CertificateRingSettings = {
	rules: [{ field: "dns", matches: "*.build.example.org", role: "user", models: ["door"] }],
	revoked: [],
	withKey: ["admin"],
};

function enrolled(changes: Partial<EnrolledPrincipal> = {}): EnrolledPrincipal {
	return {
		id: "prn_ada00001",
		name: "ada",
		role: "operator",
		models: null,
		groups: [],
		createdAt: 1,
		expiresAt: NOW + 1000,
		revokedAt: null,
		credential: { kind: "certificate", sha256: SHA, serial: "4F2A" },
		...changes,
	};
}

function presented(changes: Partial<PresentedCertificate> = {}): PresentedCertificate {
	return { sha256: SHA, serial: "4F2A", notBefore: NOW - 1000, notAfter: NOW + 1000, vouched: () => null, ...changes };
}

function judged(ring: MemoryCertificateRing, certificate: PresentedCertificate, now = NOW): string {
	const verdict = ring.verify(certificate, now);
	return "principal" in verdict ? verdict.principal.id : verdict.refused;
}

const outside = presented({ sha256: "cd".repeat(32), serial: "77", vouched: () => NAMES });

test("a certificate that was not enrolled and that nobody vouches for opens nothing", () => {
	const ring = new MemoryCertificateRing(SETTINGS);
	ring.put(enrolled());
	assert.equal(judged(ring, presented({ sha256: "00".repeat(32) })), "credential-unknown");
	// The same serial from another authority is another certificate.
	assert.equal(judged(ring, presented({ sha256: "00".repeat(32), serial: "4F2A" })), "credential-unknown");
});

test("an enrolled one is its principal, from the first to the last moment of its validity", () => {
	const ring = new MemoryCertificateRing(SETTINGS);
	ring.put(enrolled());
	assert.equal(judged(ring, presented(), NOW - 1001), "credential-expired");
	assert.equal(judged(ring, presented(), NOW + 1000), "credential-expired");
	assert.equal(judged(ring, presented({ notAfter: Number.NaN })), "credential-expired");
	assert.equal(judged(ring, presented({ notBefore: Number.NaN })), "credential-expired");
	const verdict = ring.verify(presented(), NOW);
	assert.deepEqual("principal" in verdict && verdict.principal, {
		kind: "certificate",
		id: "prn_ada00001",
		name: "ada",
		role: "operator",
		models: null,
		groups: [],
	});
});

test("removal holds at once, and so does a serial on the list", () => {
	const ring = new MemoryCertificateRing(SETTINGS);
	ring.put(enrolled());
	assert.deepEqual(ring.adjust({ ...SETTINGS, revoked: ["4F2A"] }), []);
	assert.equal(judged(ring, presented()), "credential-revoked");
	ring.adjust(SETTINGS);
	assert.equal(judged(ring, presented()), "prn_ada00001");
	assert.deepEqual(ring.adjust({ ...SETTINGS, revoked: ["4F2A"] }), ["prn_ada00001"]);
	ring.adjust(SETTINGS);
	ring.put(enrolled({ revokedAt: NOW }));
	assert.equal(judged(ring, presented()), "credential-revoked");
});

test("an outside one is who the rule says, the same from certificate to certificate", () => {
	const ring = new MemoryCertificateRing(SETTINGS);
	const verdict = ring.verify(outside, NOW);
	assert.ok("principal" in verdict);
	assert.deepEqual([verdict.principal.name, verdict.principal.role, verdict.principal.models], ["ci.build.example.org", "user", ["door"]]);
	assert.match(verdict.principal.id, /^crt_[0-9a-f]{12}$/);
	assert.equal(ring.verify(outside, NOW), verdict);
	assert.equal(judged(ring, presented({ sha256: "ef".repeat(32), serial: "78", vouched: () => NAMES })), verdict.principal.id);
});

test("an outside one that no rule fits, is revoked or whose authority is trusted no more is refused, also if it was let in before", () => {
	const ring = new MemoryCertificateRing({ ...SETTINGS, rules: [] });
	assert.equal(judged(ring, outside), "credential-unknown");
	ring.adjust(SETTINGS);
	assert.match(judged(ring, outside), /^crt_/);
	assert.equal(ring.adjust({ ...SETTINGS, revoked: ["77"] }).length, 1);
	assert.equal(judged(ring, outside), "credential-revoked");
	ring.adjust({ ...SETTINGS, rules: [{ field: "cn", matches: "eve", role: "user", models: null }] });
	assert.equal(judged(ring, outside), "credential-unknown");

	let names: CertificateNames | null = NAMES;
	const later = presented({ sha256: "11".repeat(32), vouched: () => names });
	ring.adjust(SETTINGS);
	assert.match(judged(ring, later), /^crt_/);
	names = null;
	assert.equal(judged(ring, later), "credential-unknown");
});

test("says which roles demand a certificate with their keys", () => {
	const ring = new MemoryCertificateRing(SETTINGS);
	assert.deepEqual([ring.demandedWith("admin"), ring.demandedWith("user")], [true, false]);
});

test("a serial has one spelling", () => {
	for (const [text, plain] of [
		["4f:2a", "4F2A"],
		["004F2A", "4F2A"],
		["0", "0"],
		["", null],
		["4F2G", null],
		["F".repeat(65), null],
	] as const) {
		assert.equal(plainSerial(text), plain);
	}
});
