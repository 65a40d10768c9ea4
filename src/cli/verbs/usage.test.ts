import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";

import { folder, rempart } from "../../../test/support/cli.ts";
import { endedEvent } from "../../../test/support/sample-events.ts";
import { openStores } from "../../stores/sqlite/open-stores.ts";
import { gpuTime } from "../usage-text.ts";

const NOW = Date.UTC(2026, 10, 2, 12);
const DAY = 86_400_000;

/** Two keys, three days around the end of October. */
async function stateWithUsage(t: TestContext): Promise<{ readonly state: readonly string[]; readonly key: string }> {
	const directory = join(await folder(t), "state");
	const state = ["--state", directory];
	const made = await rempart(["key", "create", "--name", "=laptop", "--role", "user", "--json", ...state]);
	const { id: key }: { id: string } = JSON.parse(made.out);
	const stores = await openStores({ directory, clock: () => NOW });
	const usage = { promptTokens: 100, outputTokens: 20, totalNs: 9, loadNs: 1e9, promptNs: 5e8, evalNs: 2e9, estimated: false };
	for (const changes of [
		{ at: NOW - 3 * DAY, principal: key, usage, gpuTimeUs: 3_500_000 },
		{ at: NOW - 2 * DAY, principal: key, usage, gpuTimeUs: 3_500_000, model: "qwen3:latest" },
		{ at: NOW - DAY, principal: "zzzzzzzz", usage: { ...usage, outputTokens: 1 }, gpuTimeUs: 3_500_000 },
		{ at: NOW - DAY, principal: "htpasswd:alice", usage: null, gpuTimeUs: 0, outcome: "refused", status: 403 } as const,
	])
		stores.events.append(endedEvent(changes));
	await stores.close();
	return { state, key };
}

const CLOCK = { clock: () => NOW };

const wrong: readonly (readonly [words: readonly string[], said: RegExp])[] = [
	[["--by", "colour"], /--by: "colour" is nothing that usage is counted by\nhint: write one of key, principal/],
	[["--format", "xml"], /--format: "xml" is not a format/],
	[["--json", "--format", "csv"], /contradict each other/],
	[["--month", "2026-13"], /"2026-13" is not a month/],
	[["--month", "2026-10", "--since", "7d"], /--month goes without/],
	[["--since", "2026-02-30"], /--since/],
	[["--since", "yesterday"], /--since/],
	[["--limit", "0"], /--limit: "0" is not a number/],
];
test("what cannot be asked is wrong usage, and says what to ask instead", async (t) => {
	const { state } = await stateWithUsage(t);
	for (const [words, said] of wrong) {
		const { code, out, err } = await rempart(["usage", ...words, ...state], CLOCK);
		assert.deepEqual([code, out], [2, ""], err);
		assert.match(err, said);
	}
});

test("a table of who used what, with names, the most tokens first, and what it stands on", async (t) => {
	const { state, key } = await stateWithUsage(t);
	const { code, out, err } = await rempart(["usage", ...state], CLOCK);
	assert.equal(code, 0, err);
	assert.deepEqual(
		out.split("\n").map((line) => line.split(/ {2,}/)),
		[
			["PRINCIPAL", "NAME", "REQUESTS", "REFUSED", "FAULTS", "ABORTED", "INPUT", "OUTPUT", "GPU"],
			[key, "=laptop", "2", "0", "0", "0", "200", "40", "7.0s"],
			["zzzzzzzz", "1", "0", "0", "0", "100", "1", "3.5s"],
			["htpasswd:alice", "1", "1", "0", "0", "0", "0", "0.0s"],
			["total", "4", "1", "0", "0", "300", "41", "10.5s"],
			[""],
		],
	);
	assert.match(err, /from 2026-10-03 to 2026-11-02, days of UTC; events 2 to 5, sealed by checkpoint \d+, [0-9a-f]{64}/);
	const cut = await rempart(["usage", "--limit", "1", ...state], CLOCK);
	assert.match(cut.out, /=laptop .*\n… and 2 more: --limit\ntotal /);
});

test("by the prices of the configuration, it costs something, in every format", async (t) => {
	const { state, key } = await stateWithUsage(t);
	const file = join(await folder(t), "rempart.yaml");
	writeFileSync(file, "prices: { 'qwen3:*': { input: 10000, output: 50000, gpu_second: 0 }, '*': { gpu_second: 2 } }\n");
	const words = ["usage", "--config", file, ...state];
	const shown = await rempart(words, CLOCK);
	// 100 x 0.01 + 20 x 0.05 for one request, 3.5 s x 2 for each of the others.
	assert.match(shown.out, new RegExp(`^PRINCIPAL .* COST\n${key} .* 9\\.00\nzzzzzzzz .* 7\\.00\n.*\n?total .* 16\\.00\n`, "s"), shown.err);
	assert.match((await rempart([...words, "--format", "csv", "--by", "model"], CLOCK)).out, /^"qwen3:latest",.*,2\.000000,,/m);
	assert.equal((JSON.parse((await rempart([...words, "--json"], CLOCK)).out) as { cost: number }).cost, 16); // As the report says.
});

test("by model and day, in a range", async (t) => {
	const { state } = await stateWithUsage(t);
	const shown = async (...words: string[]) =>
		(await rempart(["usage", ...words, ...state], CLOCK)).out.split("\n").map((line) => line.split(/ +/)[0]);
	assert.deepEqual(await shown("--by", "model"), ["MODEL", "llama3.2:latest", "qwen3:latest", "(no", "total", ""]);
	assert.deepEqual(await shown("--by", "day", "--since", "2d"), ["DAY", "2026-10-31", "2026-11-01", "total", ""]);
	assert.deepEqual(await shown("--by", "day", "--since", "2026-10-30", "--until", "2026-10-31"), [
		"DAY",
		"2026-10-30",
		"2026-10-31",
		"total",
		"",
	]);
	assert.deepEqual(await shown("--by", "key", "--since", "2d").then((names) => names.length), 5);
});

test("the export of a month has every line, the totals and their proof, and no formulas", async (t) => {
	const { state, key } = await stateWithUsage(t);
	const csv = await rempart(["usage", "--month", "2026-10", "--format", "csv", ...state], CLOCK);
	assert.equal(csv.code, 0, csv.err);
	const [head, first, total] = csv.out.split("\r\n");
	assert.match(head ?? "", /^principal,name,requests,.*,checkpoint_hash$/);
	assert.match(first ?? "", new RegExp(`^"${key}","'=laptop",2,0,0,0,200,40,7\\.000000,`));
	assert.match(total ?? "", /^"total",,2,0,0,0,200,40,7\.000000,.*,,"[0-9a-f-]{36}",2,3,\d+,\d+,"[0-9a-f]{64}"$/);
	assert.doesNotMatch(csv.err, /not over yet/);
	assert.match((await rempart(["usage", "--month", "2026-11", ...state], CLOCK)).err, /not over yet/);

	const json = await rempart(["usage", "--month", "2026-10", "--json", ...state], CLOCK);
	const report: { totals: { requests: number }; record: { checkpoint: { signature: string } }; lines: unknown[] } = JSON.parse(json.out);
	assert.deepEqual([report.totals.requests, report.lines.length], [2, 1]);
	assert.match(report.record.checkpoint.signature, /^[A-Za-z0-9+/=]{88}$/);
});

test("counting again is a yes where the table is what the log says, and a no where it was altered", async (t) => {
	const { state } = await stateWithUsage(t);
	const sound = await rempart(["usage", "--recompute", ...state], CLOCK);
	assert.deepEqual([sound.code, sound.out], [0, "usage is what the event log says: 4 rows\n"], sound.err);
	const database = new DatabaseSync(join(state[1] ?? "", "usage.db"));
	database.exec("UPDATE usage SET requests = 7 WHERE principal = 'zzzzzzzz'");
	database.close();
	const altered = await rempart(["usage", "--recompute", ...state], CLOCK);
	assert.equal(altered.code, 1);
	assert.match(altered.out, /^2026-11-01 {2}zzzzzzzz {2}llama3.2:latest {2}7 requests and 101 tokens are kept; the log says 1 and 101\n$/);
	assert.match(altered.err, /^error: usage is not what the event log says\nhint: /m);
});

test("GPU time is shown in what fits it", () => {
	assert.deepEqual([0, 1_240_000, 59_900_000, 245_000_000, 11_220_000_000].map(gpuTime), ["0.0s", "1.2s", "59.9s", "4m05s", "3h07m"]);
});
