import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { type TestContext, test } from "node:test";

import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { Secret } from "../std/secret.ts";
import { DocumentClient } from "./document-client.ts";
import { localCertificate } from "./tls/local-ca.ts";

const PLAIN = { form: null, authorization: null, mostBytes: 1_000, timeoutMs: 2_000 } as const;

async function portOf(context: TestContext, server: Server & { closeAllConnections(): void }): Promise<number> {
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	context.after(() => {
		server.closeAllConnections();
		server.close();
	});
	return (server.address() as AddressInfo).port;
}

function clientOf(context: TestContext, authorities: string | null = null): DocumentClient {
	const client = new DocumentClient(authorities);
	context.after(() => client.close());
	return client;
}

const refusals: readonly (readonly [what: string, listener: RequestListener, why: RegExp])[] = [
	["never comes", () => undefined, /no answer within 100 ms/],
	["begins and never ends", (_, response) => void response.writeHead(200).write("{"), /no answer within 100 ms/],
	["is larger than wanted", (_, response) => void response.end("x".repeat(2_000)), /more than 1000 bytes/],
	[
		"breaks off",
		(_, response) => {
			response.writeHead(200, { "content-length": "100" });
			response.write("x", () => response.destroy());
		},
		/aborted|broke off/,
	],
];
for (const [what, listener, why] of refusals) {
	test(`an answer that ${what} is an error`, async (context) => {
		const port = await portOf(context, createServer(listener));
		await assert.rejects(clientOf(context).ask({ ...PLAIN, url: `http://127.0.0.1:${port}/`, timeoutMs: 100 }), why);
	});
}

test("a redirect is an answer like any other, and is not followed", async (context) => {
	const asked: string[] = [];
	const server = createServer((request, response) => {
		asked.push(request.url ?? "");
		response.writeHead(302, { location: "/elsewhere" }).end();
	});
	const { status } = await clientOf(context).ask({ ...PLAIN, url: `http://127.0.0.1:${await portOf(context, server)}/` });
	assert.deepEqual([status, asked], [302, ["/"]]);
});

test("a certificate that nobody vouches for, or of another name, is an error; one that the given authority vouches for is not", async (context) => {
	const { chain, key, caFile } = await localCertificate(temporaryDirectory(context), ["localhost"], Date.now());
	const ca = readFileSync(caFile, "utf8");
	const port = await portOf(
		context,
		createTlsServer({ key, cert: chain }, (_, response) => void response.end("{}")),
	);
	const ask = (client: DocumentClient, host: string) => client.ask({ ...PLAIN, url: `https://${host}:${port}/` });
	await assert.rejects(ask(clientOf(context), "localhost"), /certificate/);
	await assert.rejects(ask(clientOf(context, ca), "127.0.0.1"), /altnames/);
	assert.equal((await ask(clientOf(context, ca), "localhost")).status, 200);
});

test("a form goes by POST, with our own credentials", async (context) => {
	const seen: string[] = [];
	const server = createServer((request, response) => {
		request.on("data", (piece: Buffer) => seen.push(piece.toString()));
		request.on("end", () => response.end(`${request.method} ${request.headers.authorization}`));
	});
	const url = `http://127.0.0.1:${await portOf(context, server)}/`;
	const answer = await clientOf(context).ask({ ...PLAIN, url, form: { token: "a&b=c" }, authorization: new Secret("Basic eA==") });
	assert.deepEqual([answer.body.toString(), seen], ["POST Basic eA==", ["token=a%26b%3Dc"]]);
});

test("a kept connection that was closed meanwhile costs another one, and no error", async (context) => {
	let connections = 0;
	const server = createServer((_, response) => void response.end("{}"));
	// Closed as the second request comes, before it is read.
	server.on("connection", (socket) => {
		connections += 1;
		let requests = 0;
		socket.prependListener("data", () => {
			requests += 1;
			if (requests === 2) socket.resetAndDestroy();
		});
	});
	const url = `http://127.0.0.1:${await portOf(context, server)}/`;
	const client = clientOf(context);
	for (let times = 0; times < 3; times++) assert.equal((await client.ask({ ...PLAIN, url })).status, 200);
	assert.equal(connections, 3);
});
