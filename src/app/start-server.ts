/**
 * The composition root: plain constructor calls in the order in which things depend on each other, and the way back in reverse.
 *
 *  - Nothing listens before the log is open, the keys are loaded and the policy is compiled. A server that cannot record does not start.
 *  - A reload builds the new settings whole and swaps them; requests that run keep the ones they began under.
 *  - Stopping: take nothing new, let answers end, cut the rest, write the last event, close the stores.
 */
import { performance } from "node:perf_hooks";
import type { ReloadOutcome, ServerStatus } from "../admin/admin-deps.ts";
import { createMetrics } from "../admin/metrics.ts";
import type { Config } from "../config/config.ts";
import type { ConfigOverrides } from "../config/override.ts";
import { Pipeline, type PipelineDeps } from "../gateway/pipeline.ts";
import { RefusalSampler } from "../gateway/refusal-sampler.ts";
import { Upstreams } from "../gateway/upstreams.ts";
import { type CertificateSource, openCertificates } from "../http/tls/certificate-source.ts";
import { machineNames } from "../http/tls/machine-names.ts";
import type { Event } from "../model/event.ts";
import { Admission } from "../quota/admission.ts";
import type { Clock } from "../std/clock.ts";
import { openStores } from "../stores/sqlite/open-stores.ts";
import { Budgets } from "./budgets.ts";
import { Detection } from "./detection.ts";
import { findUpstream } from "./find-upstream.ts";
import { makeFirstKey } from "./first-key.ts";
import { Identities } from "./identities.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { openAdmin } from "./open-admin.ts";
import { SignIn } from "./open-sign-in.ts";
import { type LoadedConfig, RunningSettings } from "./running-settings.ts";
import { admissionSpecOf, pipelineSettingsOf, policyOf, upstreamsSpecOf } from "./settings.ts";
import type { ProviderStatus } from "./tokens.ts";
import { Upkeep } from "./upkeep.ts";
import { VERSION } from "./version.ts";
import { openWaysIn } from "./ways-in.ts";

export interface StartOptions {
	readonly loaded: LoadedConfig;
	readonly overrides: ConfigOverrides;
	readonly stateDirectory: string;
	/** Read again on reload; null where there is no file. */
	readonly configFile: string | null;
	/** `when-absent`: `up`, which may protect a demonstration where there is no Ollama. `never`: `serve`. */
	readonly demonstration: "when-absent" | "never";
	/** Whether to make a first key where there is none at all. */
	readonly firstKey: boolean;
	readonly clock: Clock;
}

export interface RunningServer {
	readonly ready: Ready;
	reload(): Promise<ReloadOutcome>;
	/** Drains and stops; a second call cuts at once. Resolves when everything is closed. */
	stop(): Promise<void>;
	readonly closed: Promise<void>;
	/** Identity providers that were asked at the start and did not answer, once that is known. Nothing waits for them. */
	readonly silentProviders: Promise<readonly ProviderStatus[]>;
}

export interface Ready {
	readonly gateway: string;
	readonly admin: string;
	readonly ca: string | null;
	readonly caSha256: string | null;
	/** Only when just made: it is shown this once. */
	readonly key: string | null;
	readonly upstream: string;
	readonly demonstration: boolean;
}

const CERTIFICATE_CHECK_MS = 60_000;
const SUMMARY_MS = 60_000;
const SWEEP_MS = 5_000;

/** Rejects with a HintedError where an operator has to act first. Whatever was opened by then is closed again. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
	const closers = new AsyncDisposableStack();
	try {
		return await start(options, closers);
	} catch (error) {
		await closers.disposeAsync();
		throw error;
	}
}

async function start(options: StartOptions, closers: AsyncDisposableStack): Promise<RunningServer> {
	const { stateDirectory, clock } = options;
	const monotonic = (): number => performance.now();
	const startedAt = clock();
	const found = await findUpstream(options.loaded.config, options.demonstration, clock);
	const { config, demonstration } = found;
	if (demonstration !== null) closers.defer(() => demonstration.close());

	const stores = await openStores({
		directory: stateDirectory,
		clock,
		spacingMs: config.events.commitSpacingMs,
		sealAfterMs: config.events.checkpointIntervalMs,
	});
	closers.defer(() => stores.close());
	const { events } = stores;
	const metrics = createMetrics();
	const record = (event: Event): void => {
		metrics.observe(event);
		events.append(event);
	};

	let policy = policyOf(config);
	const isRole = (name: string): boolean => policy.role(name) !== null;
	const cut = (principal: string): void => pipeline.cut("credential-revoked", principal);
	const identities = await Identities.open(config, { stateDirectory, stores, clock, monotonic, record, metrics, isRole, cut });
	closers.defer(() => identities.close());
	const { keys, principals } = identities;
	const useIdentities = await identities.prepare(config, isRole);

	const budgets = await Budgets.open(config, { store: stores.budgets, events, record, now: clock, monotonic });
	closers.defer(() => budgets.close());
	const detection = closers.use(await Detection.open(config, { stateDirectory, record, names: () => identities.names() }));
	const upkeep = closers.use(new Upkeep(config, { usage: stores.usage, pruning: stores.pruning, events, record, clock }));
	let ownNames = config.gateway.names;
	const certificates = await openTls(config, () => ownNames, stateDirectory, clock);
	const namesOf = (): readonly string[] => [...machineNames(), "localhost", ...(certificates?.names ?? [])];
	const upstreams = new Upstreams(upstreamsSpecOf(config), { monotonic, now: clock, record });
	closers.defer(() => upstreams.close());
	await upstreams.start();

	const admission = new Admission(admissionSpecOf(config));
	const sampler = new RefusalSampler(config.events.refusalsPerMinute, monotonic());
	const memory = new MemoryWatch(config.limits.memoryBytes);
	closers.defer(() => memory.close());
	const pipelineDeps: PipelineDeps = {
		keys: identities.ring,
		passwords: identities.passwords.desk,
		tokens: identities.tokens.desk,
		events,
		observe: (event) => {
			metrics.observe(event);
			detection.observe(event);
		},
		sampler,
		admission,
		serversOf: (judged) => upstreams.sharing(judged),
		now: clock,
		monotonic,
		mustShed: () => memory.shedding,
		ledger: budgets.ledger,
	};
	const pipelineSettings = pipelineSettingsOf(config, policy, upstreams, namesOf());
	const pipeline = new Pipeline(pipelineSettings, { ...pipelineDeps, keys: identities.proxyUsers.keys });
	useIdentities();

	const signIn = new SignIn({
		now: clock,
		monotonic,
		record: (event) => {
			metrics.observe(event);
			return events.append(event);
		},
	});
	closers.defer(() => signIn.close());
	(await signIn.prepare(config))();

	const settings = new RunningSettings(
		// As it was written: that a demonstration stands in for the upstreams is no change of theirs.
		options.loaded,
		{
			file: options.configFile,
			overrides: options.overrides,
			now: clock,
			record,
			apply: async (next) => {
				const nextPolicy = policyOf(next);
				const useIdentities = await identities.prepare(next, (name) => nextPolicy.role(name) !== null);
				const useSignIn = await signIn.prepare(next);
				ownNames = next.gateway.names;
				await renewCertificate();
				const nextSettings = pipelineSettingsOf(next, nextPolicy, upstreams, namesOf());
				policy = nextPolicy;
				useSignIn();
				useIdentities();
				pipeline.adjust(nextSettings);
				waysIn.adjust(next, nextSettings);
				// Handshakes learn of other authorities; sessions from before are not resumed, since each context has ticket keys of its own.
				if (identities.certificates.shown !== null) waysIn.renew();
				admission.adjust(admissionSpecOf(next), monotonic());
				sampler.adjust(next.events.refusalsPerMinute);
				detection.adjust(next);
				upkeep.adjust(next);
				budgets.adjust(next);
				memory.adjust(next.limits.memoryBytes);
			},
		},
	);

	// A start that fails from here on must not leave a gateway behind that serves; after an ordinary drain there is nothing left to do.
	const waysIn = closers.use(
		await openWaysIn(config, pipelineSettings, {
			gateway: pipeline,
			proxyUsers: identities.proxyUsers,
			tls: certificates,
			certificates: identities.certificates,
			permits: (address) => policy.door.permits(address),
			forwardAuth: pipelineDeps,
			cut: () => pipeline.cut("shutting-down", null),
			monotonic,
		}),
	);
	let stopping = false;
	const admin = await openAdmin({
		stateDirectory,
		settings,
		keys,
		ring: identities.ring,
		principals,
		asksForCertificates: () => identities.certificates.shown !== null,
		events,
		usage: stores.usage,
		budgets,
		metrics,
		policy: () => policy,
		signIn,
		status,
		isStopping: () => stopping,
	});
	closers.defer(() => admin.close());

	async function renewCertificate(): Promise<void> {
		if (certificates === null) return;
		const outcome = await certificates.check();
		if (outcome.outcome === "changed") {
			waysIn.renew();
			record({ type: "certificate-reloaded", at: clock(), detail: certificates.names.join(", ") });
		} else if (outcome.outcome === "rejected" && !outcome.again) {
			record({ type: "certificate-rejected", at: clock(), detail: outcome.detail });
		}
	}

	const summarise = (): void => {
		for (const event of sampler.summarise(clock(), monotonic())) events.append(event);
	};
	metrics.read("connections", () => waysIn.connections);
	metrics.read("streamsActive", () => pipeline.streams);
	metrics.read("requestsActive", () => admission.running);
	metrics.read("budgetReservations", () => budgets.ledger.open);
	metrics.read("budgetOvershoot", () => budgets.overshoots);
	metrics.read("queueDepth", () => admission.queued);
	metrics.readWaiting((priority) => admission.waiting(priority));
	metrics.read("eventLogAvailable", () => (events.available ? 1 : 0));
	metrics.read("certificateExpiry", () => (certificates === null ? null : certificates.expiresAt / 1000));

	const upstreamUrls = config.upstreams.map(({ url }) => url.text);
	record({
		type: "server-started",
		at: clock(),
		version: VERSION,
		gateway: waysIn.url,
		upstreams: upstreamUrls,
		demonstration: demonstration !== null,
		configDigest: settings.digest,
	});
	const key = options.firstKey ? await makeFirstKey(keys) : null;
	// Nothing that comes now can fail: a start that has failed must leave no timer behind, which would keep the process.
	const timers = [
		setInterval(() => void renewCertificate(), CERTIFICATE_CHECK_MS),
		setInterval(summarise, SUMMARY_MS),
		setInterval(() => admission.forgetIdle(monotonic()), SWEEP_MS),
	];

	function status(): ServerStatus {
		return {
			version: VERSION,
			pid: process.pid,
			startedAt,
			uptimeMs: clock() - startedAt,
			configFile: options.configFile,
			configDigest: settings.digest,
			stateDirectory,
			demonstration: demonstration !== null,
			listeners: [...waysIn.listeners, ...admin.listeners],
			upstreams: upstreams.all.map(({ name, healthy, version }, index) => ({
				name,
				url: upstreamUrls[index] ?? "",
				up: healthy === true,
				version,
				detail: null,
			})),
			certificate: certificates === null ? null : { names: certificates.names, expiresAt: certificates.expiresAt, ca: certificates.ca },
			load: { connections: waysIn.connections, requests: admission.running, streams: pipeline.streams, queued: admission.queued },
			identityProviders: identities.tokens.providers,
			eventLogAvailable: events.available,
			eventLogProblem: events.problem,
		};
	}

	let closing: Promise<void> | null = null;
	const closed = Promise.withResolvers<void>();
	async function close(): Promise<void> {
		stopping = true;
		const began = monotonic();
		for (const timer of timers) clearInterval(timer);
		const cut = await waysIn.drain(settings.config.limits.drainTimeoutMs);
		summarise();
		record({ type: "server-stopped", at: clock(), drainedMs: Math.round(monotonic() - began), cut });
		await closers.disposeAsync();
	}

	return {
		ready: {
			gateway: waysIn.url,
			admin: admin.url,
			ca: certificates?.ca?.path ?? null,
			caSha256: certificates?.ca?.sha256 ?? null,
			key,
			upstream: upstreamUrls.join(", "),
			demonstration: demonstration !== null,
		},
		reload: () => settings.reload(),
		stop: () => {
			if (closing !== null) waysIn.cutNow();
			closing ??= close().then(closed.resolve, closed.reject);
			return closed.promise;
		},
		closed: closed.promise,
		silentProviders: identities.tokens.firstAnswers,
	};
}

async function openTls(
	{ gateway: { tls } }: Config,
	names: () => readonly string[],
	stateDirectory: string,
	clock: Clock,
): Promise<CertificateSource | null> {
	if (tls.mode === "off") return null;
	const files = tls.mode === "files" ? { certificate: tls.certificate, key: tls.key } : null;
	return await openCertificates({ files, names }, stateDirectory, clock);
}
