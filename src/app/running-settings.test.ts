/** What a reload says of settings that it cannot put in force, and that it says nothing of those that it can. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import type { Event } from "../model/event.ts";
import { loadConfig, RunningSettings } from "./running-settings.ts";

const NOTED: readonly (readonly [yaml: string, setting: string])[] = [
	["gateway: { listen: 127.0.0.1:1 }", "gateway.listen"],
	["gateway: { reuse_port: true }", "gateway.reuse_port"],
	["gateway: { socket: /run/gateway.sock }", "gateway.socket"],
	["gateway: { proxy_protocol: true, trusted_proxies: [127.0.0.1] }", "gateway.proxy_protocol"],
	["gateway: { tls: { mode: files, certificate: /c.pem, key: /k.pem } }", "gateway.tls"],
	["identities: { certificates: { ask: true } }", "identities.certificates.ask"],
	["admin: { socket: false }", "admin"],
	["forward_auth: { listen: 127.0.0.1:1, proxies: [127.0.0.1] }", "forward_auth.listen"],
	["forward_auth: { socket: /run/auth.sock }", "forward_auth.socket"],
	["upstreams: [{ name: a, url: http://127.0.0.1:1 }]", "upstreams"],
	["upstream: { idle_timeout: 7s }", "upstream"],
	["wedge: { floor: 7s }", "wedge"],
	["events: { commit_spacing: 7ms }", "events.commit_spacing"],
	["events: { checkpoint_interval: 7s }", "events.checkpoint_interval"],
	["events: { countries: /countries.csv }", "events.countries"],
];

const SILENT = [
	"gateway: { names: [gpu.example.org] }",
	"events: { retention: 30d, refusals_per_minute: 7 }",
	"upstream: { first_byte_timeout: 7m }",
	"limits: { memory: 2GiB }",
	"roles: { desk: { classes: [probe] } }",
	"admin: { sign_in: { issuer: https://id.example.org, client_id: a, public_url: https://b.example.org, rules: [{ claim: a, matches: b, role: viewer }] } }",
];

async function notesOf(t: TestContext, yaml: string): Promise<readonly string[]> {
	const file = join(temporaryDirectory(t), "rempart.yaml");
	await writeFile(file, "");
	const loaded = await loadConfig(file, {});
	assert.ok("config" in loaded);
	const events: Event[] = [];
	const record = (event: Event): void => void events.push(event);
	const settings = new RunningSettings(loaded, { file, overrides: {}, now: () => 1, record, apply: () => Promise.resolve() });
	await writeFile(file, yaml);
	const outcome = await settings.reload("test");
	assert.ok(outcome.reloaded, JSON.stringify(outcome));
	const [event] = events;
	assert.equal(event?.type === "config-reloaded" ? (event.detail ?? "") : null, outcome.notes.join("; "));
	return outcome.notes;
}

for (const [yaml, setting] of NOTED) {
	test(`${setting} takes effect with a restart, and a reload says so`, async (t) =>
		assert.deepEqual(await notesOf(t, yaml), [`${setting} takes effect with a restart`]));
}

for (const yaml of SILENT) test(`a reload puts this in force: ${yaml}`, async (t) => assert.deepEqual(await notesOf(t, yaml), []));
