/** The promise of the queue, played on a clock of its own: no sockets, no timers, the same every time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Priority, Standing } from "../model/priority.ts";
import type { Usage } from "../model/usage.ts";
import { Admission } from "./admission.ts";
import { Place } from "./place.ts";

interface Caller {
	readonly name: string;
	readonly standing?: Standing;
	/** Requests that are sent at the beginning. */
	readonly burst?: number;
	/** Otherwise one at a time, this long after the answer to the last one. */
	readonly thinksMs?: number;
	/** What the n-th of its requests takes. */
	readonly takesMs: (nth: number) => number;
}

interface Played {
	readonly waits: ReadonlyMap<string, readonly number[]>;
	/** Time of the model that each had. */
	readonly used: ReadonlyMap<string, number>;
}

/** Plays callers at a model with so many places for so long. */
function play(callers: readonly Caller[], { places, untilMs }: { readonly places: number; readonly untilMs: number }): Played {
	const admission = new Admission({
		rate: { perMinute: 1e9, burst: 1e9 },
		concurrency: { total: 1_000, perKey: 10_000, perModel: places },
		queueSize: 10_000,
		queueTimeoutMs: 1e9,
		keepAliveMs: null,
	});
	const waits = new Map(callers.map(({ name }) => [name, [] as number[]]));
	const used = new Map(callers.map(({ name }) => [name, 0]));
	const happenings: { readonly at: number; readonly order: number; readonly what: () => void }[] = [];
	let now = 0;
	let order = 0;
	const later = (ms: number, what: () => void): void => {
		happenings.push({ at: now + ms, order: order++, what });
		happenings.sort((one, other) => one.at - other.at || one.order - other.order);
	};
	const ask = (caller: Caller, nth: number): void => {
		const { name, standing, thinksMs, takesMs } = caller;
		const place = new Place(name, standing, "m", 1, 100);
		const asked = now;
		const run = (): void => {
			waits.get(name)?.push(now - asked);
			const ms = takesMs(nth);
			later(ms, () => {
				used.set(name, (used.get(name) ?? 0) + ms);
				admission.leave(place, taking(ms), now);
				if (thinksMs !== undefined) later(thinksMs, () => ask(caller, nth + 1));
			});
		};
		place.listener = { hasTurn: run, gaveWay: () => assert.fail("nobody gives way here") };
		const taken = admission.take(place, now);
		assert.notEqual(taken, "key-full");
		if (taken === "running") run();
		else assert.equal(admission.enter(place, null, now), "waiting");
	};
	for (const caller of callers) {
		if (caller.burst === undefined) later(1, () => ask(caller, 0));
		else for (let nth = 0; nth < caller.burst; nth++) ask(caller, nth);
	}
	for (let next = happenings.shift(); next !== undefined && next.at <= untilMs; next = happenings.shift()) {
		now = next.at;
		next.what();
	}
	return { waits, used };
}

function taking(ms: number): Usage {
	return { promptTokens: 10, outputTokens: 10, totalNs: null, loadNs: null, promptNs: 0, evalNs: ms * 1e6, estimated: false };
}

function median(values: readonly number[] = []): number {
	return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const most = (values: readonly number[] = []): number => Math.max(...values);

for (const places of [1, 4]) {
	test(`500 queued requests of one caller raise the median wait of another by no more than one request's time, ${places} at once`, () => {
		const modest: Caller = { name: "modest", thinksMs: 700, takesMs: () => 1_000 };
		const flood: Caller = { name: "flood", burst: 500, takesMs: (nth) => 700 + ((nth * 37) % 600) };
		const alone = play([modest], { places, untilMs: 100_000 }).waits.get("modest");
		const beside = play([flood, modest], { places, untilMs: 100_000 }).waits.get("modest");
		assert.equal(median(alone), 0);
		assert.ok(median(beside) <= 1_000, `${median(beside)}`);
		// What it was charged for a moment of the flood's that was longer than expected does not come back on it either.
		assert.ok(most(beside) <= 2 * 1_300, `${most(beside)}`);
		assert.ok((beside?.length ?? 0) > 30);
	});
}

test("time and not turns: who asks for answers ten times as long does not get ten times the time", () => {
	const { used } = play(
		[
			{ name: "long", burst: 200, takesMs: () => 10_000 },
			{ name: "short", burst: 2_000, takesMs: () => 1_000 },
		],
		{ places: 1, untilMs: 600_000 },
	);
	const ratio = (used.get("long") ?? 0) / (used.get("short") ?? 1);
	assert.ok(ratio > 0.9 && ratio < 1.1, `${ratio}`);
});

test("weights and priorities are shares of the time", () => {
	const as = (priority: Priority, weight: number): { readonly standing: Standing } => ({ standing: { priority, weight } });
	const { used } = play(
		[
			{ name: "three", burst: 3_000, takesMs: () => 500, ...as("normal", 3) },
			{ name: "one", burst: 3_000, takesMs: () => 500, ...as("normal", 1) },
			{ name: "low", burst: 3_000, takesMs: () => 500, ...as("low", 1) },
		],
		{ places: 2, untilMs: 500_000 },
	);
	const part = (name: string): number => (used.get(name) ?? 0) / 1_000_000;
	for (const [name, share] of [
		["three", 0.6],
		["one", 0.2],
		["low", 0.2],
	] as const)
		assert.ok(Math.abs(part(name) - share) < 0.03, `${name} ${part(name)}`);
});

test("the model never stands still while anybody waits", () => {
	const { used } = play(
		[
			{ name: "flood", burst: 500, takesMs: (nth) => 100 + ((nth * 53) % 900) },
			{ name: "modest", thinksMs: 50, takesMs: () => 300 },
		],
		{ places: 2, untilMs: 100_000 },
	);
	const all = [...used.values()].reduce((sum, ms) => sum + ms, 0);
	assert.ok(all > 2 * 100_000 - 2 * 1_000, `${all}`);
});
