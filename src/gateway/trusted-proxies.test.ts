/** What is taken from a proxy's fields, and what is given back when the request is over. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { callerOf, receivedWith } from "../../test/support/received.ts";
import type { Caller, RequestHandler } from "../http/caller.ts";
import { SOCKET_PEER } from "../http/listener.ts";
import { certificateOf, withCertificate } from "../http/presented-certificate.ts";
import type { KeyRing } from "../ports/key-ring.ts";
import { HeaderFields } from "../wire/header-fields.ts";
import { ProxyUsers } from "./proxy-users.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

type Field = readonly [name: string, value: string];

const RING: KeyRing = { verify: () => ({ refused: "credential-unknown", keyId: null }) };

/** Whoever comes by the socket is a proxy; `seen` is called with what the gateway gets. */
function behind(seen: (caller: Caller) => void) {
	const refusals: string[] = [];
	const gateway: RequestHandler = {
		handle: (caller) => Promise.resolve(seen(caller)),
		turnedAway: () => undefined,
		refuse: (_caller, reason) => void refusals.push(reason),
	};
	const users = new ProxyUsers({ field: "remote-user", role: "user", groupsField: null, rules: [], certificates: [] }, RING, () => 0);
	return { proxies: new TrustedProxies(gateway, (address) => address === SOCKET_PEER, users), users, refusals };
}

function callerWith(fields: readonly Field[], peer = SOCKET_PEER, encrypted = false): Caller {
	const { head } = receivedWith({
		fields: new HeaderFields(
			fields.map(([name]) => name),
			fields.map(([, value]) => value),
		),
	});
	return callerOf(head, { peer, encrypted });
}

for (const [values, encrypted] of [
	[[], false],
	[["http"], false],
	[["https", "https"], false],
	[["https, http"], false],
	[["httpsx"], false],
	[["https"], true],
	[["HTTPS"], true],
] as const) {
	test(`X-Forwarded-Proto ${JSON.stringify(values)} of a proxy is ${encrypted ? "TLS" : "none"}, and of anybody else nothing`, async () => {
		const seen: boolean[] = [];
		const { proxies } = behind((caller) => void seen.push(caller.encrypted));
		const fields = values.map((value) => ["x-forwarded-proto", value] as const);
		await proxies.handle(callerWith(fields));
		await proxies.handle(callerWith(fields, "192.0.2.1"));
		await proxies.handle(callerWith(fields, "192.0.2.1", true));
		assert.deepEqual(seen, [encrypted, false, true]);
	});
}

test("what names a user to the gateway is good for as long as the request, and for nobody else's", async () => {
	const tickets: string[] = [];
	const { proxies, users } = behind((caller) => {
		const ticket = caller.head?.fields.get("x-api-key") ?? "";
		tickets.push(ticket);
		const verified = users.keys.verify(ticket, 0);
		assert.equal("principal" in verified && verified.principal.id, "proxy:ada");
	});
	for (let request = 0; request < 2; request++) await proxies.handle(callerWith([["remote-user", "ada"]]));
	const [first = "", second = ""] = tickets;
	assert.match(first, /^[\w-]{43}$/);
	assert.notEqual(first, second);
	for (const ticket of tickets) assert.ok("refused" in users.keys.verify(ticket, 0), "it is over");
});

test("a proxy's certificate is not the caller's, whoever the caller is", async () => {
	const shown: unknown[] = [];
	const { proxies } = behind((caller) => void shown.push(certificateOf(caller)));
	const certificate = { sha256: "aa", serial: "1", notBefore: 0, notAfter: 1, vouched: () => null };
	const door = withCertificate(proxies, certificate);
	for (const fields of [[], [["remote-user", "ada"]], [["x-forwarded-for", "192.0.2.9"]]] as const) await door.handle(callerWith(fields));
	await door.handle(callerWith([], "192.0.2.1"));
	assert.deepEqual(shown, [null, null, null, certificate]);
});

test("fields that do not say who calls are a refusal, and nothing goes on", async () => {
	const { proxies, refusals } = behind(() => assert.fail("it went on"));
	for (const fields of [
		[["x-forwarded-for", "unknown"]],
		[
			["remote-user", "ada"],
			["remote-user", "ada"],
		],
		[["remote-user", "a b"]],
	] as const) {
		await proxies.handle(callerWith(fields));
	}
	assert.deepEqual(refusals, ["request-malformed", "credential-ambiguous", "credential-malformed"]);
});
