import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { requestRaw } from "../../test/support/raw-client.ts";
import { startDemonstration } from "./server.ts";

const hosts: readonly (readonly [host: string, status: number])[] = [
	["evil.example", 403],
	["evil.example:11434", 403],
	["8.8.8.8", 403],
	["172.32.0.1", 403],
	["192.169.0.1", 403],
	["[2001:db8::1]:11434", 403],
	["localhost.evil.example", 403],
	["127.0.0.1:11434", 200],
	["10.1.2.3", 200],
	["172.31.0.1", 200],
	["192.168.0.1", 200],
	["0.0.0.0", 200],
	["[::1]:11434", 200],
	["[fd00::1]", 200],
	["LOCALHOST", 200],
	["box.local", 200],
	["host.docker.internal", 200],
];

for (const [host, status] of hosts) {
	test(`answers ${status} to a Host of ${host}`, async (t) => {
		assert.equal(await statusOf(t, `Host: ${host}`), status);
	});
}

for (const [origin, status] of [
	["https://evil.example", 403],
	["http://localhost.evil.example", 403],
	["null", 403],
	["http://localhost:3000", 200],
	["https://127.0.0.1", 200],
	["http://box.local", 200],
	["app://obsidian.md", 200],
	["vscode-webview://abc", 200],
	["chrome-extension://abc", 200],
] as const) {
	test(`answers ${status} to an Origin of ${origin}`, async (t) => {
		assert.equal(await statusOf(t, `Host: box.local\r\nOrigin: ${origin}`), status);
	});
}

async function statusOf(t: TestContext, fields: string): Promise<number> {
	const server = await startDemonstration({ host: "127.0.0.1", port: 0, clock: Date.now });
	t.after(() => server.close());
	return (await requestRaw(server, `GET /api/version HTTP/1.1\r\n${fields}\r\n\r\n`)).status;
}
