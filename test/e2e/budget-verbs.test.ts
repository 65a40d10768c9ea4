/** `rempart budget …` on a real server: what is not there is a "no", and what is begun anew is so at once, on record, and after a restart. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { folder, rempart } from "../support/cli.ts";
import { answersJson, startFakeUpstream } from "../support/fake-upstream.ts";
import { startGateway } from "../support/gateway.ts";

const ANSWER = { model: "door:latest", message: { role: "assistant", content: "open" }, done: true, prompt_eval_count: 10, eval_count: 20 };
const YAML =
	"budgets: { few: { unit: requests, limit: 1, per: day, window: rolling }, all: { unit: tokens, limit: 9000, per: month, window: rolling, scope: everyone } }\n";

async function status(url: string, key: string): Promise<number> {
	const response = await fetch(`${url}/api/chat`, {
		method: "POST",
		headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
		body: JSON.stringify({ model: "door", messages: [{ role: "user", content: "hello" }], stream: false }),
	});
	await response.arrayBuffer();
	return response.status;
}

test("without a server nothing says how budgets are used", async (t) => {
	const { code, err } = await rempart(["budget", "list", "--state", await folder(t)]);
	assert.equal(code, 2);
	assert.match(err, /no server runs on this state/);
});

test("budgets are listed, shown, and begin anew for whom it is said", async (t) => {
	const upstream = await startFakeUpstream(answersJson(ANSWER));
	t.after(() => upstream.close());
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: YAML });
	const say = (...words: string[]) => rempart(["budget", ...words, "--state", gateway.stateDirectory]);
	for (const [words, told] of [
		[["show", "nonsense"], /no budget 'nonsense'/],
		[["reset", "nonsense"], /no budget 'nonsense'/],
		[["reset", "few", "--for", "zzzzzzzz"], /'zzzzzzzz' has used nothing of 'few'/],
		[["list", "--key", "zzzzzzzz"], /nobody with the id 'zzzzzzzz'/],
	] as const) {
		const answer = await say(...words);
		assert.equal(answer.code, 1, words.join(" "));
		assert.match(answer.err, told);
	}
	assert.equal((await say("list", "--key", "a", "--principal", "b")).code, 2);
	assert.match((await say("list")).out, /few +key +1 requests a day +rolling +refuse +all +0/);

	const [ada, bob] = [await gateway.createKey("user"), await gateway.createKey("user")];
	for (const key of [ada, bob]) assert.deepEqual([await status(gateway.url, key), await status(gateway.url, key)], [200, 429]);
	const shown = JSON.parse((await say("show", "few", "--json")).out);
	assert.deepEqual([shown.budget.counters, shown.standings.length], [2, 2]);
	const [{ of }] = shown.standings;
	assert.match((await say("show", "few")).out, new RegExp(`few +${of} +1 requests a day +1 +0 +0 +in `));
	const own = (await say("list", "--key", of, "--json")).out
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	assert.deepEqual(
		own.map(({ name, used }) => [name, used]),
		[
			["few", 1],
			["all", 60],
		],
	);

	assert.equal((await say("reset", "few", "--for", of)).code, 0);
	assert.deepEqual(
		(await Promise.all([ada, bob].map((key) => status(gateway.url, key)))).toSorted((a, b) => a - b),
		[200, 429],
	);
	const all = await say("reset", "few");
	assert.match(all.out, /for all 2 who were counted/, all.err);
	const resets = await gateway.events("budget-reset");
	assert.deepEqual(
		resets.map(({ budget, subject, by }) => [budget, subject, by]),
		[
			["few", of, "socket"],
			["few", null, "socket"],
		],
	);
	assert.deepEqual([await status(gateway.url, ada), await status(gateway.url, bob)], [200, 200]);
});
