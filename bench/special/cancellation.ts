/**
 * From the moment a caller leaves to the moment its upstream sees that the connection ended, in every phase of a request.
 *
 *  - connecting: the upstream took the connection and does not answer the TLS handshake; waiting: it has the request and says nothing; streaming: in
 *    the middle of a paced answer; uploading: in the middle of a blob; queued: all room is taken, and what counts is that the place is given up.
 *  - Of the queue the gateway itself is asked, again and again: the figure includes a question and its answer, and is an upper bound.
 */
import type { Figure } from "../figure.ts";
import { quantile } from "../statistics.ts";
import { type CancellationJob, type CancellationPhase, type CancellationResult, PHASES } from "./cancellation-phases.ts";
import { perform } from "./jobs.ts";
import { type SpecialGateway, startGateway, startScript } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";

const TIMES = 60;
const QUICK_TIMES = 20;
const WARM_UP_TIMES = 20;
const LONGEST_MS = 120_000;
const START_MS = 30_000;
const ROOM = 100_000;
const ADMISSION = { requests_per_minute: 100_000_000, burst: 100_000_000 };

const TITLES: Readonly<Record<CancellationPhase, string>> = {
	connecting: "while the upstream is being connected to",
	waiting: "while the first byte is waited for",
	streaming: "in the middle of a stream",
	uploading: "in the middle of an upload",
	queued: "while it waits in the queue",
};

export async function cancellation(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const load = startScript("cancellation-load", around);
	// The only writer of this line is the script.
	const ports = JSON.parse(await load.nextLine(START_MS)) as { readonly port: number; readonly silentPort: number };
	const played = `http://127.0.0.1:${ports.port}`;
	const open = await startGateway({ name: "cancellation", upstream: played }, around);
	const connecting = await startGateway(
		{
			name: "cancellation-connecting",
			upstream: `https://localhost:${ports.silentPort}`,
			settings: { upstream: { health_interval: "1h", health_timeout: "100ms" } },
		},
		around,
	);
	const full = await startGateway(
		{
			name: "cancellation-queued",
			upstream: played,
			settings: { admission: { ...ADMISSION, concurrency: { total: 1, per_key: ROOM } } },
		},
		around,
	);
	const gateways: Readonly<Record<CancellationPhase, SpecialGateway>> = {
		connecting,
		waiting: open,
		streaming: open,
		uploading: open,
		queued: full,
	};
	const figures: Figure[] = [];
	for (const phase of PHASES) {
		const gateway = gateways[phase];
		const { port, adminSocket } = gateway;
		const job: CancellationJob = {
			phase,
			port,
			authorization: await gateway.authorize("admin"),
			times: WARM_UP_TIMES,
			adminSocket,
		};
		await perform<CancellationJob, CancellationResult>(load, job, LONGEST_MS);
		const times = around.quick ? QUICK_TIMES : TIMES;
		const { tookMs } = await perform<CancellationJob, CancellationResult>(load, { ...job, times }, LONGEST_MS);
		figures.push(figureOf(phase, tookMs));
		around.note(`cancellation, ${phase}: at most ${Math.max(...tookMs).toFixed(2)} ms`);
	}
	await Promise.all([load.stop(), open.stop(), connecting.stop(), full.stop()]);
	return figures;
}

/** The bound is that of the slowest, not of the median. */
function figureOf(phase: CancellationPhase, tookMs: readonly number[]): Figure {
	const sorted = tookMs.toSorted((a, b) => a - b);
	const most = quantile(sorted, 1);
	return {
		id: `cancellation/${phase}`,
		what: `longest time from a caller's departure to its cancellation, ${TITLES[phase]}`,
		value: most,
		unit: "ms",
		spread: [quantile(sorted, 0), most],
		atLeast: 50,
		aim: 5,
		better: "less",
		detail: `the longest of ${sorted.length}; median ${quantile(sorted, 0.5).toFixed(2)} ms`,
	};
}
