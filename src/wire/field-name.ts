/**
 * Field names in lower case, without making a string for each: the names that clients of Ollama send are known beforehand.
 *
 * The scanner hashes a name while it walks over it; the hash leads to at most a few known names, which are compared octet by octet. So a
 * caller who makes names collide gains nothing but the slow path, which makes a string like any parser does.
 */
const KNOWN = `
accept accept-charset accept-encoding accept-language access-control-allow-credentials access-control-allow-headers
access-control-allow-methods access-control-allow-origin access-control-expose-headers access-control-max-age
access-control-request-headers access-control-request-method age allow anthropic-beta anthropic-dangerous-direct-browser-access
anthropic-version api-key authorization cache-control connection content-disposition content-encoding content-language content-length
content-location content-range content-type cookie date dnt etag expect expires forwarded from host http2-settings if-match
if-modified-since if-none-match if-unmodified-since keep-alive last-modified link location max-forwards openai-organization
openai-project origin pragma priority proxy-authenticate proxy-authorization proxy-connection range referer retry-after sec-ch-ua
sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc server set-cookie
strict-transport-security te traceparent tracestate trailer transfer-encoding upgrade upgrade-insecure-requests user-agent vary via
warning www-authenticate x-api-key x-app x-content-type-options x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto
x-forwarded-uri x-original-url x-real-ip x-request-id x-requested-with x-rewrite-url x-stainless-arch x-stainless-async
x-stainless-helper-method x-stainless-lang x-stainless-os x-stainless-package-version x-stainless-raw-response
x-stainless-read-timeout x-stainless-retry-count x-stainless-runtime x-stainless-runtime-version x-stainless-timeout
`;

/** Four times as many places as names, so most searches end at the first. */
const PLACES = 512;
/** Room for the longest known name. */
const STRIDE = 48;
const names: (string | null)[] = Array.from({ length: PLACES }, () => null);
/** The octets of the name in each place, at `STRIDE` times the place. */
const spelling = new Uint8Array(PLACES * STRIDE);

// A property key is the engine's one copy of that string, so comparing such a name with a literal later is comparing two pointers.
for (const name of Object.keys(
	Object.fromEntries(
		KNOWN.trim()
			.split(/\s+/)
			.map((known) => [known, true]),
	),
)) {
	const octets = Buffer.from(name, "latin1");
	let place = octets.reduce(hashStep, 0) & (PLACES - 1);
	while (names[place] !== null) place = (place + 1) & (PLACES - 1);
	names[place] = name;
	spelling.set(octets, place * STRIDE);
}

/** One step of the hash over a name's octets in lower case; starts at 0. */
export function hashStep(hash: number, lower: number): number {
	return Math.imul(hash, 31) + lower;
}

/** The name in `bytes[from..to)`, all of it token characters, in lower case; `hash` is that of its lower case. */
export function fieldName(bytes: Buffer, from: number, to: number, hash: number): string {
	for (let place = hash & (PLACES - 1); ; place = (place + 1) & (PLACES - 1)) {
		const name = names[place] ?? null;
		if (name === null) return bytes.toString("latin1", from, to).toLowerCase();
		if (name.length === to - from && spells(bytes, from, to - from, place)) return name;
	}
}

/** All octets are of tokens, among which `| 0x20` makes two alike only if they are a letter in both cases (or `^` and `~`, in no known name). */
function spells(bytes: Buffer, from: number, length: number, place: number): boolean {
	const first = place * STRIDE;
	for (let at = 0; at < length; at++) {
		if (((bytes[from + at] ?? 0) | 0x20) !== spelling[first + at]) return false;
	}
	return true;
}
