/** A fake upstream that answers the gateway's own questions by itself, so that a test sees the callers' requests alone. */
import { type FakeRequest, type FakeUpstream, startFakeUpstream } from "./fake-upstream.ts";

export interface WorkedUpstream extends AsyncDisposable {
	readonly url: string;
	readonly fake: FakeUpstream;
	/** The next request that is not a health question. */
	nextWork(): Promise<FakeRequest>;
	/** Requests of callers so far. */
	readonly work: readonly FakeRequest[];
}

export interface WorkedOptions {
	/** Names that `/api/tags` lists. */
	readonly models?: readonly string[];
	readonly loaded?: readonly string[];
	/** Answers a caller's request instead of the test. */
	readonly script?: (request: FakeRequest) => void | Promise<void>;
}

export async function startWorkedUpstream({ models = ["door"], loaded = models, script }: WorkedOptions = {}): Promise<WorkedUpstream> {
	const work: FakeRequest[] = [];
	const waiting: ((request: FakeRequest) => void)[] = [];
	let handed = 0;
	const list = (names: readonly string[]) =>
		JSON.stringify({ models: names.map((name) => ({ name: `${name}:latest`, model: `${name}:latest` })) });
	const fake = await startFakeUpstream(async (request) => {
		// The gateway's own questions carry no x-request-id.
		if (request.header("x-request-id").length === 0 && request.method === "GET") {
			if (request.target === "/api/version") await request.respond(200, '{"version":"0.33.0"}');
			else if (request.target === "/api/tags") await request.respond(200, list(models));
			else await request.respond(200, list(loaded));
			return;
		}
		work.push(request);
		const next = waiting.shift();
		if (next !== undefined) {
			handed += 1;
			next(request);
		}
		await script?.(request);
	});
	return {
		url: fake.url,
		fake,
		work,
		nextWork() {
			const ready = work[handed];
			if (ready !== undefined) {
				handed += 1;
				return Promise.resolve(ready);
			}
			return new Promise((resolve) => waiting.push(resolve));
		},
		[Symbol.asyncDispose]: () => fake.close(),
	};
}
