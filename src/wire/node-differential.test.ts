/**
 * Whatever the request reader accepts, Node's own strict parser (llhttp) accepts too, as the same requests.
 *
 * The other direction does not hold and is not meant to. Methods that llhttp has no name for are left out: the operation table refuses them.
 */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, METHODS, type Server } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";

import fc from "fast-check";

import { type Read, readRequests } from "../../test/support/read-parts.ts";
import { damagedRequests } from "../../test/support/request-grammar.ts";
import type { RequestHead } from "./message.ts";

interface Seen {
	readonly method: string;
	readonly target: string;
	readonly version: string;
	readonly fields: readonly (readonly [string, string])[];
	readonly body: string;
}

const RUNS = 800;
/** Only a failure takes this long: the server does not see the end of what we see as whole. */
const STALL_MS = 2000;
/** Whom a connection's requests belong to: connections are told apart by their port. */
const seenBy = new Map<number, Seen[]>();
let server: Server;
let port = 0;

before(async () => {
	server = createServer({ insecureHTTPParser: false, keepAliveTimeout: 0 }, (request, response) => {
		const list = seenBy.get(request.socket.remotePort ?? 0) ?? [];
		seenBy.set(request.socket.remotePort ?? 0, list);
		const chunks: Buffer[] = [];
		request.on("data", (bytes: Buffer) => chunks.push(bytes));
		request.on("end", () => {
			list.push(seenOf(request, Buffer.concat(chunks)));
			response.end();
		});
	});
	await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
	const address = server.address();
	assert.ok(address !== null && typeof address === "object");
	port = address.port;
});

after(() => {
	server.closeAllConnections();
	server.close();
});

test("whatever is accepted here, llhttp accepts with the same method, target, fields and body", async () => {
	let accepted = 0;
	let refused = 0;
	await fc.assert(
		fc.asyncProperty(damagedRequests, async (bytes) => {
			const ours = wholeRequests(readRequests([bytes]));
			if (ours === null) refused += 1;
			if (ours === null || !ours.every(({ method }) => METHODS.includes(method))) return;
			accepted += 1;
			assert.deepEqual(await askNode(bytes, ours.length), ours);
		}),
		{ numRuns: RUNS },
	);
	assert.ok(accepted > RUNS / 4, `only ${accepted} of ${RUNS} were accepted, so little was compared`);
	assert.ok(refused > RUNS / 10, `only ${refused} of ${RUNS} were refused, so nothing near the border was tried`);
});

/** The requests of a reading, or null where anything was refused or left incomplete. */
function wholeRequests(read: readonly Read<RequestHead>[]): readonly Seen[] | null {
	const requests: Seen[] = [];
	let open: Omit<Seen, "body"> | null = null;
	let body = "";
	for (const part of read) {
		if (part.kind === "refused") return null;
		if (part.kind === "head") {
			const { method, target, minor } = part.head;
			open = { method, target, version: `1.${minor}`, fields: part.fields };
			body = "";
		} else if (part.kind === "body") body = part.text;
		else if (open !== null) {
			requests.push({ ...open, body });
			open = null;
		}
	}
	return open === null && requests.length > 0 ? requests : null;
}

/** Sends `bytes` on a connection of their own; resolves with what the server saw when it answered `count` requests and closed after our FIN. */
function askNode(bytes: Buffer, count: number): Promise<readonly Seen[]> {
	return new Promise((resolve, reject) => {
		const socket = connect(port, "127.0.0.1");
		let answer = "";
		let own = 0;
		socket.on("connect", () => {
			own = socket.localPort ?? 0;
			socket.write(bytes);
		});
		socket.on("data", (chunk) => {
			answer += chunk.toString("latin1");
			const answered = answer.split("HTTP/1.1 200 OK").length - 1;
			// What follows the last request must not be taken for another one, so the server gets the time to: it sees our FIN first.
			if (answered >= count || answer.includes("HTTP/1.1 400")) socket.end();
		});
		socket.setTimeout(STALL_MS, () => {
			socket.destroy();
			reject(new Error(`the server waits for more after: ${answer}`));
		});
		socket.on("error", reject);
		socket.on("close", () => {
			resolve(seenBy.get(own) ?? []);
			seenBy.delete(own);
		});
	});
}

function seenOf({ method = "", url = "", httpVersion, rawHeaders }: IncomingMessage, body: Buffer): Seen {
	const fields: [string, string][] = [];
	for (let at = 0; at < rawHeaders.length; at += 2) fields.push([(rawHeaders[at] ?? "").toLowerCase(), rawHeaders[at + 1] ?? ""]);
	return { method, target: url, version: httpVersion, fields, body: body.toString("latin1") };
}
