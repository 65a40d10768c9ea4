/**
 * wrk, a load generator in C, for short requests: what it is told and what it says.
 *
 *  - Its script has neither a `request` nor a `response` function, so that Lua runs before and after the window only.
 *  - It checks no body. That the answers are right is known from the warm-up, whose callers read every one; here each must be 2xx and whole.
 *  - Numbers come as JSON from the script's `done`, not from the table that wrk prints for people.
 */
import type { RequestParts } from "./scripted.ts";

export interface WrkCounts {
	readonly requests: number;
	/** Wall time in ms of a request. */
	readonly waitMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** What marks the one line that is read. */
const MARK = "rempart-bench ";
const ERRORS = ["connect", "read", "write", "status", "timeout"] as const;
/** In JSON's strings, and as well in Lua's: all else that a request of ours holds. */
const LUA_SAFE = /^(?:[\x20-\x7e])*$/;

export function wrkScript({ method, fields, body }: RequestParts, more: RequestParts["fields"]): string {
	const headers = [...fields, ...more].map(([name, value]) => `wrk.headers[${luaText(name)}] = ${luaText(value)}`);
	const counts = ERRORS.map((name) => `\\"${name}\\":%d`).join(",");
	const errors = ERRORS.map((name) => `s.errors.${name}`).join(", ");
	return `wrk.method = ${luaText(method)}
${method === "GET" ? "" : `wrk.body = ${luaText(body)}`}
${headers.join("\n")}
done = function(s, latency)
	io.write(string.format("${MARK}{\\"requests\\":%d,\\"p50\\":%d,\\"p99\\":%d,\\"max\\":%d,${counts}}\\n",
		s.requests, latency:percentile(50), latency:percentile(99), latency.max, ${errors}))
end
`;
}

/** Throws unless wrk got answers, and all that it got were right. */
export function readWrk(output: string): WrkCounts {
	const line = output.split("\n").find((candidate) => candidate.startsWith(MARK));
	if (line === undefined) throw new Error(`wrk did not say what it counted: ${output.slice(-400)}`);
	const said: unknown = JSON.parse(line.slice(MARK.length));
	const bad = ERRORS.filter((name) => numberAt(said, name) !== 0);
	if (bad.length > 0) throw new Error(`wrk met errors: ${bad.map((name) => `${numberAt(said, name)} × ${name}`).join(", ")}`);
	const requests = numberAt(said, "requests");
	if (requests === 0) throw new Error("wrk got no answer");
	// wrk counts in µs.
	const ms = (name: string) => numberAt(said, name) / 1000;
	return { requests, waitMs: { p50: ms("p50"), p99: ms("p99"), max: ms("max") } };
}

function numberAt(value: unknown, name: string): number {
	const number: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
	if (typeof number !== "number") throw new Error(`wrk said no "${name}"`);
	return number;
}

function luaText(text: string): string {
	if (!LUA_SAFE.test(text)) throw new Error(`not to be written into a script: ${text}`);
	return JSON.stringify(text);
}
