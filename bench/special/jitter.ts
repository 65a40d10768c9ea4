/**
 * How much less even streams become while others shake hands and have their passwords checked.
 *
 *  - Windows with and without the disturbance take turns, so that whatever the machine does it does to both.
 *  - The gateway has one core: handshakes, hashing and streams want the same one, which is harder than what an operator has.
 *  - Passwords are right and come from addresses of their own, so that each is hashed in full (bcrypt, cost 10), and none is refused for guessing.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { BASIC, HASHES, USER } from "../credentials.ts";
import type { Figure } from "../figure.ts";
import { quantile, spreadOf } from "../statistics.ts";
import type { DisturbJob, DisturbResult } from "./jitter-disturber.ts";
import type { JitterJob, JitterResult } from "./jitter-load.ts";
import { perform } from "./jobs.ts";
import { startGateway, startScript, startUpstream } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";

const STREAMS = 20;
const EVERY_MS = 25;
const HANDSHAKES_PER_SECOND = 50;
const CHECKS_PER_SECOND = 20;
const WARM_UP_MS = 1_000;
const FIRST_WARM_UP_MS = 5_000;
const SLACK_MS = 30_000;
/** The queue of checks empties before the next window without them. */
const SETTLE_MS = 6_000;

export async function jitter(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const [rounds, windowMs] = around.quick ? [2, 3_000] : [5, 6_000];
	const folder = join(around.folder, "jitter");
	mkdirSync(folder, { recursive: true });
	const file = join(folder, "users");
	writeFileSync(file, `${USER}:${HASHES.bcrypt}\n`, { mode: 0o600 });
	const upstream = await startUpstream(around);
	const settings = { identities: { htpasswd: { file } } };
	const gateway = await startGateway({ name: "jitter", upstream: upstream.url, tls: true, settings }, around);
	const load = startScript("jitter-load", around);
	const disturber = startScript("jitter-disturber", around);
	const trusted = gateway.trusted ?? "";
	const authorization = await gateway.authorize("user");
	const measure = async (warmUpMs: number, forMs: number): Promise<readonly number[]> => {
		const job: JitterJob = { port: gateway.port, trusted, authorization, streams: STREAMS, everyMs: EVERY_MS, warmUpMs, windowMs: forMs };
		return (await perform<JitterJob, JitterResult>(load, job, warmUpMs + forMs + SLACK_MS)).offMs.toSorted((a, b) => a - b);
	};
	const disturb = (forMs: number): Promise<DisturbResult> => {
		const rates = { handshakesPerSecond: HANDSHAKES_PER_SECOND, checksPerSecond: CHECKS_PER_SECOND };
		return perform<DisturbJob, DisturbResult>(
			disturber,
			{ port: gateway.port, trusted, authorization: BASIC, ...rates, forMs },
			forMs + SLACK_MS,
		);
	};
	await Promise.all([measure(WARM_UP_MS, around.quick ? 1_000 : FIRST_WARM_UP_MS), disturb(around.quick ? 1_000 : FIRST_WARM_UP_MS)]);
	await sleep(SETTLE_MS);
	const taken: Round[] = [];
	for (let round = 1; round <= rounds; round += 1) {
		const alone = await measure(WARM_UP_MS, windowMs);
		const [beside, done] = await Promise.all([measure(WARM_UP_MS, windowMs), disturb(WARM_UP_MS + windowMs)]);
		await sleep(SETTLE_MS);
		taken.push({ alone, beside, done, seconds: (WARM_UP_MS + windowMs) / 1000 });
		around.note(`jitter, round ${round} of ${rounds}: p99 ${quantile(alone, 0.99).toFixed(2)} and ${quantile(beside, 0.99).toFixed(2)} ms`);
	}
	await Promise.all([load.stop(), disturber.stop(), gateway.stop(), upstream.stop()]);
	return [figureOf(taken)];
}

interface Round {
	readonly alone: readonly number[];
	readonly beside: readonly number[];
	readonly done: DisturbResult;
	readonly seconds: number;
}

function figureOf(rounds: readonly Round[]): Figure {
	const { median, least, most } = spreadOf(rounds.map(({ alone, beside }) => quantile(beside, 0.99) - quantile(alone, 0.99)));
	const medianOf = (of: (round: Round) => number): number => spreadOf(rounds.map(of)).median;
	const alone = medianOf((round) => quantile(round.alone, 0.99));
	const beside = medianOf((round) => quantile(round.beside, 0.99));
	const handshakes = medianOf(({ done, seconds }) => done.handshakes / seconds);
	const checks = medianOf(({ done, seconds }) => (done.checks["200"] ?? 0) / seconds);
	return {
		id: "jitter-added/p99",
		what: `jitter between tokens added, p99, while ${HANDSHAKES_PER_SECOND} handshakes and ${CHECKS_PER_SECOND} bcrypt checks a second are asked for`,
		value: median,
		unit: "ms",
		spread: [least, most],
		atLeast: 2,
		aim: 1,
		better: "less",
		detail: `${alone.toFixed(2)} ms without, ${beside.toFixed(2)} ms with; ${STREAMS} streams over TLS on one core, which did ${handshakes.toFixed(0)} handshakes and ${checks.toFixed(1)} checks a second`,
	};
}
