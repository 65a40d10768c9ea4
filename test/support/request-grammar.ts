/**
 * Requests as a generator makes them: well-formed ones by a grammar, and such ones with octets inserted, replaced, removed and repeated.
 *
 * Valid enough that a strict parser often accepts, broken enough that it often must not; both sides are needed to compare two parsers.
 */
import fc from "fast-check";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] as const;

const target = fc
	.tuple(
		fc.array(fc.constantFrom("api", "tags", "v1", "%2e%2e", "..", "a:b@c", "", "~!$&'()*+,;=-._"), { maxLength: 4 }),
		fc.option(fc.stringMatching(/^[a-z0-9=&%/?:@!$'()*+,;._~-]{0,12}$/)),
	)
	.map(([segments, query]) => `/${segments.join("/")}${query === null ? "" : `?${query}`}`);

const host = fc.constantFrom("localhost", "GPU.example:11435", "127.0.0.1:1", "[::1]:65535", "[2001:DB8::1]", "my_service");
const blank = fc.constantFrom("", " ", " ", " ", "\t", " \t ");
const name = fc.oneof(
	fc.stringMatching(/^[!#$%&'*+.^`|~0-9A-Za-z-]{1,12}$/).map((token) => `x-${token}`),
	fc.constantFrom(
		"Content-Type",
		"ACCEPT",
		"user-agent",
		"Authorization",
		"X-Api-Key",
		"Cookie",
		"Keep-Alive",
		"Proxy-Connection",
		"TE",
		"Trailer",
	),
);
const value = fc.oneof(
	fc.stringMatching(/^(?:[!-~](?:[ -~\t]{0,20}[!-~])?)?$/),
	fc.constantFrom("", "application/json", "*/*", "chunked", "5"),
);
const field = fc.tuple(name, value);
const special = fc.constantFrom<(readonly [string, string])[]>(
	[],
	[],
	[],
	[],
	[],
	[],
	[["Connection", "keep-alive"]],
	[["connection", "close"]],
	[["Connection", "Keep-Alive, TE"]],
	[
		["Connection", "Close"],
		["Connection", "keep-alive"],
	],
	[
		["Connection", "Upgrade, HTTP2-Settings"],
		["Upgrade", "h2c"],
		["HTTP2-Settings", "AAMAAABk"],
	],
	[
		["Connection", "upgrade"],
		["Upgrade", "websocket"],
		["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
	],
	[["Expect", "100-continue"]],
);

const octets = fc.uint8Array({ maxLength: 24, size: "max" }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const body = fc.oneof(
	fc.constant({ fields: [] as (readonly [string, string])[], text: "" }),
	octets.map((text) => ({ fields: [["Content-Length", String(text.length)] as const], text })),
	fc
		.tuple(
			fc.array(
				octets.filter((text) => text !== ""),
				{ maxLength: 3 },
			),
			fc.constantFrom("chunked", "Chunked"),
			fc.nat({ max: 3 }),
			fc.boolean(),
		)
		.map(([chunks, coding, zeros, upper]) => ({
			fields: [["Transfer-Encoding", coding] as const],
			text: [...chunks, ""].map((text) => `${size(text, zeros, upper)}\r\n${text}\r\n`).join(""),
		})),
);

function size(text: string, zeros: number, upper: boolean): string {
	const hex = "0".repeat(zeros) + text.length.toString(16);
	return upper ? hex.toUpperCase() : hex;
}

/** One well-formed request, as Latin-1. */
export const request: fc.Arbitrary<string> = fc
	.record({
		method: fc.constantFrom(...METHODS),
		target,
		minor: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 0),
		host,
		fields: fc.array(field, { maxLength: 5 }),
		special,
		body,
		order: fc.nat(),
		before: blank,
		after: fc.constantFrom("", "", "", " ", "\t"),
	})
	.map((made) => {
		const usual = [["Host", made.host] as const, ...made.fields, ...made.special];
		// HTTP/1.0 has no transfer codings.
		const framed =
			made.minor === 0 && made.body.text !== "" && made.body.fields[0]?.[0] === "Transfer-Encoding" ? { fields: [], text: "" } : made.body;
		const at = made.order % (usual.length + 1);
		const all = [...usual.slice(0, at), ...framed.fields, ...usual.slice(at)];
		const lines = all.map(([fieldName, fieldValue]) => fieldLine(fieldName, fieldValue, made.before, made.after)).join("");
		return `${made.method} ${made.target} HTTP/1.${made.minor}\r\n${lines}\r\n${framed.text}`;
	});

/** Only a framing field's value must stand behind at most one space and before none. */
function fieldLine(fieldName: string, fieldValue: string, before: string, after: string): string {
	const frames = fieldName === "Content-Length" || fieldName === "Transfer-Encoding";
	return frames ? `${fieldName}:${before === "" ? "" : " "}${fieldValue}\r\n` : `${fieldName}:${before}${fieldValue}${after}\r\n`;
}

const morsel = fc.constantFrom(
	"\r",
	"\n",
	"\r\n",
	" ",
	"\t",
	"\0",
	":",
	";",
	",",
	"0",
	"5",
	"_",
	"-",
	"a",
	"\x7f",
	"\x80",
	"\xff",
	"#",
	"\\",
	"chunked",
	"Content-Length: 3\r\n",
	"Host: b\r\n",
);
const mutation = fc.record({
	kind: fc.constantFrom("insert", "replace", "remove", "repeat", "lower"),
	/** A position as a share of the length, so that shrinking the request keeps the mutation in it. */
	at: fc.double({ min: 0, max: 1, noNaN: true }),
	morsel,
	length: fc.integer({ min: 1, max: 4 }),
});

/** One to three pipelined requests, untouched or with up to three mutations. */
export const damagedRequests: fc.Arbitrary<Buffer> = fc
	.tuple(fc.array(request, { minLength: 1, maxLength: 3 }), fc.oneof(fc.constant([]), fc.array(mutation, { minLength: 1, maxLength: 3 })))
	.map(([requests, mutations]) => Buffer.from(mutations.reduce(mutate, requests.join("")), "latin1"));

type Mutation = typeof mutation extends fc.Arbitrary<infer Made> ? Made : never;

function mutate(text: string, { kind, at, morsel: inserted, length }: Mutation): string {
	const from = Math.floor(at * text.length);
	const [before, there, after] = [text.slice(0, from), text.slice(from, from + length), text.slice(from + length)];
	switch (kind) {
		case "insert":
			return before + inserted + there + after;
		case "replace":
			return before + inserted + after;
		case "remove":
			return before + after;
		case "repeat":
			return before + there + there + after;
		case "lower":
			return before + there.toLowerCase() + after;
	}
}
