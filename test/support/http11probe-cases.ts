/** The public corpus of Http11Probe, with what the export lost put back by hand. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export interface ProbeCase {
	readonly id: string;
	readonly rfc: string | null;
	readonly scored: boolean;
	readonly expected: string;
	/** One character an octet. */
	readonly request: string;
	readonly damaged?: true;
	readonly truncated?: true;
}

const CORPUS = new URL("../fixtures/http11probe.json", import.meta.url);

/** Octets outside ASCII that the export lost. */
const REBUILT: Readonly<Record<string, string>> = {
	"MAL-NON-ASCII-URL": "GET /caf\xc3\xa9 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
	"MAL-URL-OVERLONG-UTF8": "GET /\xc0\xaf HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
	"MAL-NON-ASCII-HEADER-NAME": "GET / HTTP/1.1\r\nHost: localhost:8080\r\nX-T\xc3\xa9st: value\r\n\r\n",
	"MAL-CONTROL-CHARS-HEADER": "GET / HTTP/1.1\r\nHost: localhost:8080\r\nX-Test: abc\x07\x08\x7f\r\n\r\n",
};

export function probeCases(): readonly ProbeCase[] {
	const corpus: unknown = JSON.parse(readFileSync(CORPUS, "utf8"));
	assert.ok(typeof corpus === "object" && corpus !== null && "cases" in corpus && Array.isArray(corpus.cases));
	const cases: readonly ProbeCase[] = corpus.cases;
	return cases.map((one) => ({ ...one, request: REBUILT[one.id] ?? one.request }));
}

/** Whether the RFC or the suite leaves room for serving it. */
export function mayBeServed({ expected }: ProbeCase): boolean {
	return /2xx|200|!101/.test(expected);
}

/** Whether nothing but serving it is right. */
export function mustBeServed({ expected }: ProbeCase): boolean {
	return /^(?:2xx(?: or close| \+ close)?|!101)$/.test(expected);
}
