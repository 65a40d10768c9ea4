/** A server elsewhere over TLS: whose certificate counts, what goes along, and what is said where it does not work. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { fakeWorld, folder, rempart } from "../../../test/support/cli.ts";
import { localCertificate } from "../../http/tls/local-ca.ts";
import { Secret } from "../../std/secret.ts";
import { writeLogin } from "./logins.ts";

test("a verb goes to the server that is named, with the token, over TLS that is vouched for", async (t) => {
	const state = await folder(t);
	const { chain, key, caFile } = await localCertificate(state, ["localhost", "127.0.0.1"], Date.now());
	const heard: string[] = [];
	const server = createServer({ cert: chain, key }, (request, response) => {
		heard.push(`${request.method} ${request.url} ${request.headers.authorization}`);
		response.writeHead(200, { "content-type": "application/json" }).end('{"sessions":[]}');
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	// A TCP listener's address is never a string.
	const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const environment = { XDG_CONFIG_HOME: await folder(t) };
	const here = fakeWorld({ environment }).surroundings;
	const login = { token: new Secret("rmp_session_t"), name: "ada", role: "admin", expiresAt: Date.now() + 60_000, authorities: null };
	const list = () => rempart(["session", "list", "--json", "--admin", origin], { environment });

	await writeLogin(here, origin, login);
	const untrusted = await list();
	assert.deepEqual([untrusted.code, heard.length], [2, 0], "nothing is said to whom nobody vouches for");
	assert.match(untrusted.err, /hint: name the PEM file of its authority when you sign in: rempart login --ca FILE/);

	await writeLogin(here, origin, { ...login, authorities: caFile });
	assert.ok((await readFile(caFile, "utf8")).includes("BEGIN CERTIFICATE"));
	const trusted = await list();
	assert.equal(trusted.code, 0, trusted.err);
	assert.deepEqual(heard, ["GET /v1/sessions Bearer rmp_session_t"]);

	await writeLogin(here, origin, { ...login, authorities: caFile, expiresAt: Date.now() - 1 });
	const late = await list();
	assert.match(late.err, /has expired/);
	assert.equal(heard.length, 1);
});
