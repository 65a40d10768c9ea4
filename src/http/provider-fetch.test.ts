import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createEncrypted } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { type TestContext, test } from "node:test";

import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { askProvider } from "./provider-fetch.ts";
import { localCertificate } from "./tls/local-ca.ts";

const QUESTION = { method: "GET", headers: { accept: "application/json" }, body: null };

test("a certificate that nobody vouches for is no provider; the operator's authorities count instead of the system's", async (t) => {
	const directory = temporaryDirectory(t);
	const { chain, key, caFile } = await localCertificate(directory, ["localhost", "127.0.0.1"], Date.now());
	const port = await opened(
		t,
		createEncrypted({ cert: chain, key }, (_request, response) => response.end('{"a":1}')),
	);
	const url = new URL(`https://127.0.0.1:${port}/`);
	await assert.rejects(askProvider(url, QUESTION, null));
	const other = await localCertificate(temporaryDirectory(t), ["localhost", "127.0.0.1"], Date.now());
	await assert.rejects(askProvider(url, QUESTION, await readFile(other.caFile, "utf8")));
	const answer = await askProvider(url, QUESTION, await readFile(caFile, "utf8"));
	assert.deepEqual(await answer.json(), { a: 1 });
});

const broken: readonly (readonly [what: string, answer: (response: ServerResponse) => void, said: RegExp])[] = [
	["an answer without end", (response) => response.end("x".repeat(600_000)), /more than/],
	[
		"an answer that breaks off",
		(response) => void response.writeHead(200, { "content-length": 9 }).write("x", () => response.destroy()),
		/abort|broke|hang/,
	],
	["no answer", (response) => response.destroy(), /hang up/],
];

for (const [what, answer, said] of broken) {
	test(`rejects ${what}`, async (t) => {
		const port = await opened(
			t,
			createServer((_request, response) => answer(response)),
		);
		await assert.rejects(askProvider(new URL(`http://127.0.0.1:${port}/`), QUESTION, null), said);
	});
}

test("a redirect is an answer, and nobody goes where it says", async (t) => {
	const asked: string[] = [];
	const answer = (request: IncomingMessage, response: ServerResponse): void => {
		asked.push(request.url ?? "");
		response.writeHead(302, { location: "/elsewhere" }).end();
	};
	const port = await opened(t, createServer(answer));
	assert.equal((await askProvider(new URL(`http://127.0.0.1:${port}/here`), QUESTION, null)).status, 302);
	assert.deepEqual(asked, ["/here"]);
});

test("a form arrives whole, with what was asked to go along", async (t) => {
	const heard: string[] = [];
	const answer = (request: IncomingMessage, response: ServerResponse): void => {
		heard.push(`${request.method} ${request.headers["authorization"]} ${request.headers["content-length"]}`);
		request.on("data", (piece: Buffer) => void heard.push(piece.toString())).on("end", () => response.writeHead(204).end());
	};
	const port = await opened(t, createServer(answer));
	const question = { method: "POST", headers: { authorization: "Basic eDp5" }, body: "code=é" };
	assert.equal((await askProvider(new URL(`http://127.0.0.1:${port}/`), question, null)).status, 204);
	assert.deepEqual(heard, ["POST Basic eDp5 7", "code=é"]);
});

async function opened(t: TestContext, server: Server & { closeAllConnections(): void }): Promise<number> {
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	// A TCP listener's address is never a string.
	return (server.address() as AddressInfo).port;
}
