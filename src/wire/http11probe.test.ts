/**
 * The public corpus of Http11Probe against the request reader: nothing that the RFC wants refused is accepted.
 *
 * Accepted means that a whole request was handed out; a request that stays incomplete ends at the head or body timeout, which is a refusal.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { octetsOf, readRequests } from "../../test/support/read-parts.ts";

interface Case {
	readonly id: string;
	readonly rfc: string | null;
	readonly scored: boolean;
	readonly expected: string;
	readonly request: string;
	readonly damaged?: true;
	readonly truncated?: true;
}

const CORPUS = new URL("../../test/fixtures/http11probe.json", import.meta.url);

/** Octets outside ASCII that the export lost, put back by hand. */
const REBUILT: Readonly<Record<string, string>> = {
	"MAL-NON-ASCII-URL": "GET /caf\xc3\xa9 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
	"MAL-URL-OVERLONG-UTF8": "GET /\xc0\xaf HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
	"MAL-NON-ASCII-HEADER-NAME": "GET / HTTP/1.1\r\nHost: localhost:8080\r\nX-T\xc3\xa9st: value\r\n\r\n",
	"MAL-CONTROL-CHARS-HEADER": "GET / HTTP/1.1\r\nHost: localhost:8080\r\nX-Test: abc\x07\x08\x7f\r\n\r\n",
};

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

const cases = casesOf(JSON.parse(readFileSync(CORPUS, "utf8")));

for (const { id, rfc, expected, request } of cases) {
	const requests = readRequests([octetsOf(REBUILT[id] ?? request)]);
	const accepted = requests.some(({ kind }) => kind === "end");
	if (!mayBeAccepted(expected)) {
		test(`does not accept ${id} (${rfc ?? "no RFC"})`, () => assert.equal(accepted, false));
	} else if (mustBeAccepted(expected)) {
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
	const open = cases.filter(({ expected }) => mayBeAccepted(expected) && !mustBeAccepted(expected));
	const accepted = open.filter(({ request }) => readRequests([octetsOf(request)]).some(({ kind }) => kind === "end"));
	assert.deepEqual(
		accepted.map(({ id }) => id),
		Object.keys(ALLOWED),
	);
});

test("the corpus is all there", () => {
	assert.equal(cases.length, 142);
	assert.equal(cases.filter(({ scored }) => scored).length, 124);
	assert.ok(cases.filter(({ expected }) => !mayBeAccepted(expected)).length > 70);
});

function mayBeAccepted(expected: string): boolean {
	return /2xx|200|!101/.test(expected);
}

function mustBeAccepted(expected: string): boolean {
	return /^(?:2xx(?: or close| \+ close)?|!101)$/.test(expected);
}

function casesOf(corpus: unknown): readonly Case[] {
	assert.ok(typeof corpus === "object" && corpus !== null && "cases" in corpus && Array.isArray(corpus.cases));
	return corpus.cases;
}
