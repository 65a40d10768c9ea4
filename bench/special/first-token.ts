/**
 * How much later the first token comes through Rempart than straight from the upstream, with fifty callers whose streams run.
 *
 *  - Direct and through it take turns within one run, so that whatever the machine does it does to both.
 *  - The upstream has its first token at once: what is left of the time is connection, parsing, deciding, forwarding.
 *  - Added is the difference between the quantiles of both, over all rounds; its spread is that of the rounds' own differences.
 */
import type { Figure } from "../figure.ts";
import { quantile } from "../statistics.ts";
import type { FirstTokenJob, FirstTokenResult } from "./first-token-load.ts";
import { perform } from "./jobs.ts";
import { startGateway, startScript, startUpstream } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";

const CALLERS = 50;
const PACED = { tokens: 20, everyMs: 25 };
const WARM_UP_MS = 500;
/** Short streams without a pause, until the runtime has compiled what it runs: paced ones would take minutes to bring it so far. */
const FIRST_WARM_UP_MS = 8_000;
const QUICK_FIRST_WARM_UP_MS = 3_000;
const SHORT = { tokens: 2, everyMs: 1 };
const SLACK_MS = 20_000;

const BOUNDS = [
	{ share: 0.5, name: "p50", atLeast: 0.5, aim: 0.2 },
	{ share: 0.99, name: "p99", atLeast: 3, aim: 1 },
] as const;

export async function firstToken(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const [rounds, windowMs] = around.quick ? [2, 2_000] : [5, 4_000];
	const upstream = await startUpstream(around);
	const gateway = await startGateway({ name: "first-token", upstream: upstream.url }, around);
	const load = startScript("first-token-load", around);
	const ways = {
		direct: { port: upstream.port, authorization: null },
		through: { port: gateway.port, authorization: await gateway.authorize("user") },
	};
	const measure = async (way: keyof typeof ways, warmUpMs: number, forMs: number, stream = PACED): Promise<readonly number[]> => {
		const job: FirstTokenJob = { ...ways[way], ...stream, callers: CALLERS, warmUpMs, windowMs: forMs };
		const { waitsMs } = await perform<FirstTokenJob, FirstTokenResult>(load, job, warmUpMs + forMs + SLACK_MS);
		if (waitsMs.length === 0) throw new Error(`${way}: no stream began`);
		return waitsMs.toSorted((a, b) => a - b);
	};
	for (const way of ["direct", "through"] as const) {
		await measure(way, WARM_UP_MS, around.quick ? QUICK_FIRST_WARM_UP_MS : FIRST_WARM_UP_MS, SHORT);
	}
	const taken: { readonly direct: readonly number[]; readonly through: readonly number[] }[] = [];
	for (let round = 1; round <= rounds; round += 1) {
		const direct = await measure("direct", WARM_UP_MS, windowMs);
		const through = await measure("through", WARM_UP_MS, windowMs);
		taken.push({ direct, through });
		around.note(
			`first token, round ${round} of ${rounds}: p50 ${quantile(direct, 0.5).toFixed(3)} and ${quantile(through, 0.5).toFixed(3)} ms`,
		);
	}
	await Promise.all([load.stop(), gateway.stop(), upstream.stop()]);
	return figuresOf(taken);
}

function figuresOf(rounds: readonly { readonly direct: readonly number[]; readonly through: readonly number[] }[]): readonly Figure[] {
	const direct = rounds.flatMap((round) => round.direct).toSorted((a, b) => a - b);
	const through = rounds.flatMap((round) => round.through).toSorted((a, b) => a - b);
	return BOUNDS.map(({ share, name, atLeast, aim }) => {
		const differences = rounds.map((round) => quantile(round.through, share) - quantile(round.direct, share));
		const [without, withIt] = [quantile(direct, share), quantile(through, share)];
		return {
			id: `first-token-added/${name}`,
			what: `time to first token added, ${name}, ${CALLERS} callers`,
			value: withIt - without,
			unit: "ms",
			spread: [Math.min(...differences), Math.max(...differences)],
			atLeast,
			aim,
			better: "less",
			detail: `${withIt.toFixed(2)} ms through Rempart, ${without.toFixed(2)} ms direct; ${through.length} and ${direct.length} streams`,
		};
	});
}
