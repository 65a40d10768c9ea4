/**
 * Metrics: a fold over events, and a few readings taken when somebody scrapes.
 *
 *  - Nothing but events feeds the counters, so the metrics and the record cannot tell different stories. Feed it what is recorded: a request's two
 *    events, or the summary that stands for many refusals, never both.
 *  - Two look-ups a request on the hot path: one bundle of cells per kind of ending, one per model and key.
 *  - A model's name becomes a label only when the model answered, a key's id only after authentication; both are capped.
 */
import { Registry } from "prom-client";
import type { Event, RequestEnded } from "../model/event.ts";
import { FAULTS, type FaultCode } from "../model/fault.ts";
import { PRIORITIES, type Priority } from "../model/priority.ts";
import { REASONS, type Reason } from "../model/reason.ts";
import type { Usage } from "../model/usage.ts";
import { assertNever } from "../std/assert-never.ts";
import { CappedNames, NONE, OTHER } from "./capped-names.ts";
import { faultLabel, reasonLabel } from "./error-label.ts";
import { cellSamples, expose, histogramSamples } from "./exposition.ts";
import { type Cell, Cells, type HistogramCell, HistogramCells } from "./metric-cells.ts";
import { METRICS, type MetricId } from "./metrics-table.ts";

export interface Metrics {
	/** Counts an event. Never throws, allocates next to nothing for a kind of request seen before. */
	observe(event: Event): void;
	/** Says where a gauge's value comes from; asked at each scrape. Null leaves the gauge out. */
	read(gauge: Reading, value: () => number | null): void;
	/** The same of identity providers, of which a reload may leave out some: their series end with them. */
	readProviders(values: () => readonly { readonly issuer: string; readonly up: boolean | null }[]): void;
	/** How many requests wait, by priority; asked at each scrape. */
	readWaiting(value: (priority: Priority) => number): void;
	/** The text exposition format. */
	registry(): Promise<string>;
	readonly contentType: string;
}

/** Gauges that nobody's events tell. */
export type Reading =
	| "passwordChecks"
	| "tokenChecks"
	| "tokensRemembered"
	| "streamsActive"
	| "requestsActive"
	| "budgetReservations"
	| "budgetOvershoot"
	| "queueDepth"
	| "connections"
	| "eventLogAvailable"
	| "certificateExpiry";

const MODELS_MAX = 200;
const KEYS_MAX = 1000;
/** Series of tokens are pairs of model and key, so the pairs have a bound of their own. */
const PAIRS_MAX = 5000;

const QUOTA_REASONS = [
	"rate-exceeded",
	"budget-exceeded",
	"concurrency-exceeded",
	"queue-full",
	"queue-timeout",
] as const satisfies readonly Reason[];
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** What one kind of ending adds to. */
interface EndingCells {
	readonly requests: Cell;
	readonly outcomes: Cell;
	readonly errors: readonly Cell[];
	/** Null for what was not permitted: a refusal's few microseconds would hide how long real work takes. */
	readonly duration: HistogramCell | null;
}

interface UsageCells {
	readonly input: Cell;
	readonly output: Cell;
	readonly load: Cell;
	readonly prompt: Cell;
	readonly eval: Cell;
	readonly unknown: Cell;
	readonly firstToken: HistogramCell;
	readonly outputRate: HistogramCell;
}

export function createMetrics(): Metrics {
	const registry = new Registry();
	const cells = (id: MetricId) => {
		const made = new Cells(METRICS[id].labels);
		expose(registry, METRICS[id], () => cellSamples(made.all()));
		return made;
	};
	const histograms = (id: "duration" | "overhead" | "firstToken" | "queued" | "queuedByPriority" | "outputRate") => {
		const made = new HistogramCells(METRICS[id].labels, METRICS[id].buckets);
		expose(registry, METRICS[id], () => histogramSamples(METRICS[id].name, made.all()));
		return made;
	};

	const requests = cells("requests");
	const outcomes = cells("outcomes");
	const errors = cells("errors");
	const authFailures = cells("authFailures");
	const quotaRejections = cells("quotaRejections");
	const guessing = cells("guessing");
	const unfamiliar = cells("unfamiliar");
	const anomalies = cells("anomalies");
	const duration = histograms("duration");
	const overhead = histograms("overhead").at();
	const firstToken = histograms("firstToken");
	const queued = histograms("queued").at();
	const queuedBy = histograms("queuedByPriority");
	const queuedByPriority = { high: queuedBy.at("high"), normal: queuedBy.at("normal"), low: queuedBy.at("low") };
	const outputRate = histograms("outputRate");
	const tokens = cells("tokens");
	const gpu = cells("gpu");
	const bytes = cells("bytes");
	const bytesIn = bytes.at("in");
	const bytesOut = bytes.at("out");
	const upstreamUp = cells("upstreamUp");
	const runnerWedged = cells("runnerWedged");
	const runnerHealed = cells("runnerHealed");
	const eventsLost = cells("eventsLost").at();
	const faultsRaised = cells("faultsRaised");
	const keyChanges = cells("keyChanges");
	const principalChanges = cells("principalChanges");
	const configReloadSuccess = cells("configReloadSuccess").at();
	const certificateReloadSuccess = cells("certificateReloadSuccess").at();
	const demonstration = cells("demonstration").at();
	const buildInfo = cells("buildInfo");
	configReloadSuccess.value = 1;
	certificateReloadSuccess.value = 1;
	startAtZero();

	const readings = new Map<Reading, () => number | null>();
	for (const gauge of [
		"passwordChecks",
		"tokenChecks",
		"tokensRemembered",
		"streamsActive",
		"requestsActive",
		"budgetReservations",
		"budgetOvershoot",
		"queueDepth",
		"connections",
		"eventLogAvailable",
		"certificateExpiry",
	] as const) {
		expose(registry, METRICS[gauge], () => sample(readings.get(gauge)?.() ?? null));
	}
	let providers: Parameters<Metrics["readProviders"]>[0] = () => [];
	expose(registry, METRICS.identityProviderUp, () =>
		providers().flatMap(({ issuer, up }) => (up === null ? [] : [{ labels: { issuer }, value: up ? 1 : 0 }])),
	);
	let waiting: (priority: Priority) => number = () => 0;
	expose(registry, METRICS.queueWaiting, () => PRIORITIES.map((priority) => ({ labels: { priority }, value: waiting(priority) })));
	expose(registry, METRICS.startTime, () => sample(performance.timeOrigin / 1000));
	expose(registry, METRICS.memory, () => sample(process.memoryUsage.rss()));
	expose(registry, METRICS.cpu, () => {
		const { user, system } = process.cpuUsage();
		return sample((user + system) / 1e6);
	});

	const models = new CappedNames(MODELS_MAX);
	const keys = new CappedNames(KEYS_MAX);
	const endings = new Map<string, EndingCells>();
	/** By model, then by principal: a text made of both for each request would be hashed for each. */
	const usages = new Map<string, Map<string, UsageCells>>();
	let pairs = 0;
	/** Of all pairs beyond the bound: looked up once, or whoever comes beyond it costs more than whoever was first. */
	let others: UsageCells | null = null;

	return {
		observe,
		read(gauge, value) {
			readings.set(gauge, value);
		},
		readProviders(values) {
			providers = values;
		},
		readWaiting(value) {
			waiting = value;
		},
		registry: () => registry.metrics(),
		contentType: registry.contentType,
	};

	function observe(event: Event): void {
		switch (event.type) {
			case "request-started":
				return;
			case "request-ended":
				ended(event);
				return;
			case "refusals-summarised":
				requests.at(NONE, NONE, OTHER, String(REASONS[event.reason].status), "deny").value += event.count;
				for (const cell of refusalCells(event.reason)) cell.value += event.count;
				return;
			case "key-created":
			case "key-rotated":
			case "key-revoked":
				keyChanges.at(event.type.slice("key-".length)).value++;
				return;
			case "principal-added":
			case "principal-removed":
				principalChanges.at(event.type.slice("principal-".length), event.credential).value++;
				return;
			case "guessing-noticed":
				guessing.at(event.scope).value++;
				return;
			case "principal-unfamiliar":
				unfamiliar.at(event.what).value++;
				return;
			case "anomaly-volume":
			case "anomaly-model":
			case "anomaly-hour":
				anomalies.at(event.type.slice("anomaly-".length)).value++;
				return;
			case "budget-reset":
			case "events-pruned":
			case "person-signed-in":
			case "person-signed-out":
			case "sign-in-refused":
			case "administration-refused":
				return;
			case "passwords-loaded":
			case "passwords-rejected":
				return;
			case "identity-provider-up":
			case "identity-provider-down":
				return;
			case "server-started":
				buildInfo.at(event.version, process.versions.node).value = 1;
				demonstration.value = event.demonstration ? 1 : 0;
				return;
			case "server-stopped":
				return;
			case "config-reloaded":
			case "config-rejected":
				configReloadSuccess.value = event.type === "config-reloaded" ? 1 : 0;
				return;
			case "certificate-reloaded":
			case "certificate-rejected":
				certificateReloadSuccess.value = event.type === "certificate-reloaded" ? 1 : 0;
				return;
			case "upstream-up":
			case "upstream-down":
				upstreamUp.at(event.upstream).value = event.type === "upstream-up" ? 1 : 0;
				return;
			case "runner-wedged":
				runnerWedged.at(event.upstream).value++;
				return;
			case "runner-healed":
			case "runner-heal-failed":
				runnerHealed.at(event.upstream, event.type === "runner-healed" ? "healed" : "failed").value++;
				return;
			case "fault-raised":
				faultsRaised.at(faultLabel(event.fault)).value++;
				return;
			case "log-recovered":
				eventsLost.value += event.lost;
				return;
			default:
				assertNever(event);
		}
	}

	function ended(event: RequestEnded): void {
		const ending = endingOf(event);
		ending.requests.value++;
		ending.outcomes.value++;
		for (const cell of ending.errors) cell.value++;
		bytesIn.value += event.bytesIn;
		bytesOut.value += event.bytesOut;
		if (event.gpuTimeUs > 0 && event.usage === null && event.principal !== null) {
			// It was refused or left while it ran: the GPU was busy with it all the same.
			gpu.at("unknown", NONE, keys.of(event.principal)).value += event.gpuTimeUs / 1e6;
		}
		if (ending.duration === null) return;
		ending.duration.observe(event.durationMs / 1000);
		overhead.observe(event.overheadMs / 1000);
		queued.observe(event.queuedMs / 1000);
		if (event.priority !== null && isWork(event)) queuedByPriority[event.priority].observe(event.queuedMs / 1000);
		const { usage } = event;
		// Only a model that answered becomes a label: otherwise one key could fill the cap with names that it made up.
		if (usage === null || event.model === null || event.principal === null) return;
		const used = usageOf(event.model, event.principal);
		used.input.value += usage.promptTokens;
		used.output.value += usage.outputTokens;
		addGpuTime(used, usage, event.gpuTimeUs);
		if (usage.evalNs !== null && usage.evalNs > 0 && usage.outputTokens > 0)
			used.outputRate.observe(usage.outputTokens / (usage.evalNs / 1e9));
		if (event.firstByteMs !== null && event.class === "infer" && event.status < 400) used.firstToken.observe(event.firstByteMs / 1000);
	}

	function endingOf(event: RequestEnded): EndingCells {
		const method = METHODS.has(event.method) ? event.method : OTHER;
		const key = `${event.operation}|${event.dialect}|${method}|${event.status}|${event.outcome}|${event.phase}|${event.reason}|${event.fault}`;
		const known = endings.get(key);
		if (known !== undefined) return known;
		const decision = event.outcome === "refused" ? "deny" : event.outcome === "fault" ? "fault" : "permit";
		const made: EndingCells = {
			requests: requests.at(event.operation ?? NONE, event.dialect ?? NONE, method, String(event.status), decision),
			outcomes: outcomes.at(event.outcome, event.phase),
			errors: [
				...(event.reason === null ? [] : refusalCells(event.reason)),
				...(event.fault === null ? [] : [errors.at(faultLabel(event.fault))]),
			],
			duration: decision === "permit" ? duration.at(event.operation ?? NONE) : null,
		};
		endings.set(key, made);
		return made;
	}

	function usageOf(model: string, principal: string): UsageCells {
		const ofModel = usages.get(model);
		const known = ofModel?.get(principal);
		if (known !== undefined) return known;
		// Beyond the bound the look-up itself must not grow either.
		if (pairs >= PAIRS_MAX) return (others ??= usageCells(OTHER, OTHER));
		const made = usageCells(models.of(model), keys.of(principal));
		pairs += 1;
		if (ofModel === undefined) usages.set(model, new Map([[principal, made]]));
		else ofModel.set(principal, made);
		return made;
	}

	function usageCells(model: string, key: string): UsageCells {
		return {
			input: tokens.at("input", model, key),
			output: tokens.at("output", model, key),
			load: gpu.at("load", model, key),
			prompt: gpu.at("prompt", model, key),
			eval: gpu.at("eval", model, key),
			unknown: gpu.at("unknown", model, key),
			firstToken: firstToken.at(model),
			outputRate: outputRate.at(model),
		};
	}

	/** Every counter that a refusal of this reason adds to. */
	function refusalCells(reason: Reason): readonly Cell[] {
		return [
			errors.at(reasonLabel(reason)),
			...(isAuthFailure(reason) ? [authFailures.at(reason)] : []),
			...(isQuotaReason(reason) ? [quotaRejections.at(reason)] : []),
		];
	}

	/** A series that appears with its first increment hides that increment from `rate()`, so every closed vocabulary starts at 0. */
	function startAtZero(): void {
		for (const reason of keysOf(REASONS)) refusalCells(reason);
		for (const fault of keysOf(FAULTS)) errors.at(faultLabel(fault));
		for (const scope of ["network", "account", "everywhere"]) guessing.at(scope);
		for (const what of ["country", "network", "client"]) unfamiliar.at(what);
		for (const what of ["volume", "model", "hour"]) anomalies.at(what);
	}
}

/** What needs room and may wait for it. */
function isWork({ class: kind }: RequestEnded): boolean {
	return kind === "infer" || kind === "manage" || kind === "cloud";
}

function isAuthFailure(reason: Reason): boolean {
	return REASONS[reason].status === 401;
}

function isQuotaReason(reason: Reason): boolean {
	return QUOTA_REASONS.some((known) => known === reason);
}

function sample(value: number | null): readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[] {
	return value === null ? [] : [{ labels: {}, value }];
}

/** `Object.keys` with the keys' own type: sound here, because the tables are literals that nothing widens. */
function keysOf<T extends Record<Reason, unknown> | Record<FaultCode, unknown>>(table: T): readonly (keyof T & string)[] {
	return Object.keys(table) as (keyof T & string)[];
}

/** The request's part of the GPU's time, by what Ollama says the runner did meanwhile. */
function addGpuTime(cells: UsageCells, { loadNs, promptNs, evalNs }: Usage, gpuTimeUs: number): void {
	const saidNs = (loadNs ?? 0) + (promptNs ?? 0) + (evalNs ?? 0);
	if (saidNs === 0) {
		cells.unknown.value += gpuTimeUs / 1e6;
		return;
	}
	const secondsEach = gpuTimeUs / 1e6 / saidNs;
	cells.load.value += (loadNs ?? 0) * secondsEach;
	cells.prompt.value += (promptNs ?? 0) * secondsEach;
	cells.eval.value += (evalNs ?? 0) * secondsEach;
}
