/** The data plane with an event log that the test holds in its hand: it decides when, and whether, a record is on disk. */

import { performance } from "node:perf_hooks";
import { admissionSpecOf, pipelineSettingsOf, policyOf, transportLimitsOf, upstreamsSpecOf } from "../../src/app/settings.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { Pipeline } from "../../src/gateway/pipeline.ts";
import { RefusalSampler } from "../../src/gateway/refusal-sampler.ts";
import { Upstreams } from "../../src/gateway/upstreams.ts";
import { ByteBudget } from "../../src/http/byte-budget.ts";
import { Listener } from "../../src/http/listener.ts";
import type { Event, EventType } from "../../src/model/event.ts";
import { NO_GROUPS } from "../../src/model/principal.ts";
import type { Batch, EventLog, RecordedEvent } from "../../src/ports/event-log.ts";
import type { KeyRing } from "../../src/ports/key-ring.ts";
import { Admission } from "../../src/quota/admission.ts";
import { budgetsSpec, testedLedger } from "./budgets.ts";

/** Nothing is committed before the test says so. */
export class HeldEventLog implements EventLog {
	available = true;
	readonly problem = null;

	get lastSeq(): number {
		return this.events.length;
	}
	readonly events: Event[] = [];
	#batches: HeldBatch[] = [];
	#open = false;

	append(event: Event): Batch {
		this.events.push(event);
		const batch = new HeldBatch();
		if (this.#open) batch.commit();
		else this.#batches.push(batch);
		return batch;
	}

	types(): readonly EventType[] {
		return this.events.map(({ type }) => type);
	}

	/** What is queued is on disk now, and so is what comes later. */
	commit(): void {
		this.#open = true;
		for (const batch of this.#batches.splice(0)) batch.commit();
	}

	fail(error: Error): void {
		for (const batch of this.#batches.splice(0)) batch.fail(error);
	}

	read(): Promise<readonly RecordedEvent[]> {
		return Promise.resolve(this.events.map((event, index) => ({ seq: index + 1, event })));
	}

	close(): Promise<void> {
		return Promise.resolve();
	}
}

class HeldBatch implements Batch {
	committed = false;
	readonly settled: Promise<void>;
	readonly #settle = Promise.withResolvers<void>();

	constructor() {
		this.settled = this.#settle.promise;
		this.settled.catch(() => undefined);
	}

	commit(): void {
		this.committed = true;
		this.#settle.resolve();
	}

	fail(error: Error): void {
		this.#settle.reject(error);
	}
}

export interface HeldGateway extends AsyncDisposable {
	readonly port: number;
	readonly key: string;
}

export async function startHeldGateway({ upstream, log }: { readonly upstream: string; readonly log: HeldEventLog }): Promise<HeldGateway> {
	const parsed = parseConfig(`upstreams: [{ name: up, url: "${upstream}" }]\n`, "test");
	if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
	const { config } = parsed;
	const monotonic = (): number => performance.now();
	const upstreams = new Upstreams(upstreamsSpecOf(config), { monotonic, now: Date.now, record: () => undefined });
	await upstreams.start();
	const key = "the-only-key";
	const keys: KeyRing = {
		verify: (credential) =>
			credential === key
				? { principal: { kind: "api-key", id: "held0001", name: "held", role: "admin", models: null, groups: NO_GROUPS } }
				: { refused: "credential-unknown", keyId: null },
	};
	const pipeline = new Pipeline(pipelineSettingsOf(config, policyOf(config), upstreams, ["localhost"]), {
		keys,
		events: log,
		observe: () => undefined,
		sampler: new RefusalSampler(600, monotonic()),
		admission: new Admission(admissionSpecOf(config)),
		serversOf: () => 1,
		now: Date.now,
		monotonic,
		mustShed: () => false,
		ledger: testedLedger(budgetsSpec([])).ledger,
	});
	const limits = transportLimitsOf(config);
	const listener = await Listener.open({
		host: "127.0.0.1",
		port: 0,
		reusePort: false,
		tls: null,
		handler: pipeline,
		budget: new ByteBudget(limits.bufferedBytes),
		limits,
		monotonic,
	});
	return {
		port: listener.address.port,
		key,
		async [Symbol.asyncDispose]() {
			log.commit();
			await listener.drain(0, () => pipeline.cut("shutting-down", null));
			upstreams.close();
		},
	};
}
