import assert from "node:assert/strict";
import { test } from "node:test";

import { policyWith } from "../../../test/support/policies.ts";
import { receivedWith } from "../../../test/support/received.ts";
import { deny, permit } from "../../model/decision.ts";
import { NO_GROUPS, type Principal } from "../../model/principal.ts";
import type { Reason } from "../../model/reason.ts";
import type { CertificateRing, PresentedCertificate } from "../../ports/certificate-ring.ts";
import { identifiedAs } from "../exchange.ts";
import { identifyWithCertificate } from "./certificate.ts";

const RECEIVED = receivedWith();
const SHOWN: PresentedCertificate = { sha256: "", serial: "1", notBefore: 0, notAfter: 1, vouched: () => null };

/** Demands a certificate of `tested`, alone or beside another credential. */
const policy = policyWith({ require: ["certificate"] });

/** Demands both of admins. */
function ringOf(holder: string | null): CertificateRing {
	return {
		verify: () =>
			holder === null
				? { refused: "credential-unknown", detail: "certificate 1" }
				: { principal: { kind: "certificate", id: "prn_holder01", name: "holder", role: holder, models: null, groups: NO_GROUPS } },
		demandedWith: (role) => role === "admin",
	};
}

function keyOf(role: string): Principal {
	return { kind: "api-key", id: "key00001", name: "key", role, models: null, groups: NO_GROUPS };
}

/** `fields`: the role of a good key, or why there is none. `holder`: the role of the certificate's holder; null for a bad one; undefined for none. */
const CASES: readonly (readonly [fields: { readonly role: string } | Reason, holder: string | null | undefined, outcome: string])[] = [
	["credential-missing", undefined, "credential-missing"],
	["credential-wrong", undefined, "credential-wrong"],
	["credential-missing", null, "credential-unknown"],
	["credential-wrong", "user", "credential-wrong"],
	["credential-wrong", null, "credential-wrong"],
	[{ role: "user" }, "user", "credential-ambiguous"],
	[{ role: "user" }, null, "credential-ambiguous"],
	[{ role: "admin" }, undefined, "credential-incomplete"],
	[{ role: "admin" }, null, "credential-unknown"],
	[{ role: "admin" }, "user", "credential-incomplete"],
	["credential-missing", "admin", "credential-incomplete"],
	[{ role: "tested" }, undefined, "credential-incomplete"],
	[{ role: "tested" }, null, "credential-unknown"],
	[{ role: "tested" }, "admin", "credential-incomplete"],
	[{ role: "tested" }, "tested", "key00001"],
	["credential-missing", "tested", "prn_holder01"],
	[{ role: "user" }, undefined, "key00001"],
	["credential-missing", "user", "prn_holder01"],
	[{ role: "admin" }, "admin", "key00001"],
];
for (const [fields, holder, outcome] of CASES) {
	const said = typeof fields === "string" ? fields : `a key of ${fields.role}`;
	const shown = holder === undefined ? "no certificate" : holder === null ? "a bad certificate" : `a certificate of ${holder}`;
	test(`${said} and ${shown}: ${outcome}`, () => {
		const other = typeof fields === "string" ? deny(fields) : permit(identifiedAs(RECEIVED, keyOf(fields.role)));
		const judges = { ring: ringOf(holder ?? null), policy, now: 0 };
		const decision = identifyWithCertificate(RECEIVED, holder === undefined ? null : SHOWN, other, judges);
		assert.equal(decision.permitted ? decision.value.principal.id : decision.reason, outcome);
	});
}
