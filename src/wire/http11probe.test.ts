/**
 * The public corpus of Http11Probe against the request reader: nothing that the RFC wants refused is accepted.
 *
 * Accepted means that a whole request was handed out; a request that stays incomplete ends at the head or body timeout, which is a refusal.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { mayBeServed, mustBeServed, probeCases } from "../../test/support/http11probe-cases.ts";
import { octetsOf, readRequests } from "../../test/support/read-parts.ts";

/** What the suite wants served and we refuse on purpose. */
const STRICTER: Readonly<Record<string, string>> = {
	"COMP-OPTIONS-STAR": "`*` names nothing that is served here",
	"COMP-CHUNKED-TRAILER-VALID": "a trailer is a field that nobody judged",
};

/** What the suite leaves open and we read: sound framing, so a later stage decides. */
const ALLOWED: Readonly<Record<string, string>> = {
	"COMP-GET-WITH-CL-BODY": "the operation table knows which operation takes a body",
	"COMP-UPGRADE-INVALID-VER": "no upgrade is ever made",
	"COMP-METHOD-TRACE": "the operation table has no TRACE",
	"COMP-HTTP10-NO-HOST": "RFC 9112 §3.2 asks for Host in HTTP/1.1 alone; the list of names served decides",
	"COMP-TRACE-WITH-BODY": "the operation table has no TRACE",
	"SMUG-EXPECT-100-CL": "RFC 9110 §10.1.1",
	"SMUG-HEAD-CL-BODY": "the operation table knows which operation takes a body",
	"SMUG-OPTIONS-CL-BODY": "the same",
	"MAL-URL-PERCENT-NULL": "escapes are never decoded, so the path is unknown to the operation table",
	"MAL-URL-PERCENT-CRLF": "the same",
	"MAL-RANGE-OVERLAPPING": "Range is not forwarded",
};

const cases = probeCases();

for (const probe of cases) {
	const { id, rfc, expected, request } = probe;
	const requests = readRequests([octetsOf(request)]);
	const accepted = requests.some(({ kind }) => kind === "end");
	if (!mayBeServed(probe)) {
		test(`does not accept ${id} (${rfc ?? "no RFC"})`, () => assert.equal(accepted, false));
	} else if (mustBeServed(probe)) {
		const stricter = STRICTER[id];
		if (stricter === undefined)
			test(`accepts ${id} (${rfc ?? "no RFC"})`, () => assert.deepEqual(requests.map(({ kind }) => kind).at(-1), "end"));
		else test(`refuses ${id} although the suite wants it served: ${stricter}`, () => assert.equal(accepted, false));
	}
	if (expected.endsWith("+ close")) {
		test(`closes after ${id}`, () => assert.ok(requests[0]?.kind === "head" && !requests[0].head.keepAlive));
	}
}

test("of what the RFC leaves open, only what is listed here is accepted", () => {
	const open = cases.filter((probe) => mayBeServed(probe) && !mustBeServed(probe));
	const accepted = open.filter(({ request }) => readRequests([octetsOf(request)]).some(({ kind }) => kind === "end"));
	assert.deepEqual(
		accepted.map(({ id }) => id),
		Object.keys(ALLOWED),
	);
});

test("the corpus is all there", () => {
	assert.equal(cases.length, 142);
	assert.equal(cases.filter(({ scored }) => scored).length, 124);
	assert.ok(cases.filter((probe) => !mayBeServed(probe)).length > 70);
});
