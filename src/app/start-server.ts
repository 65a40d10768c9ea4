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
import { ProxyUsers } from "../gateway/proxy-users.ts";
import { RefusalSampler } from "../gateway/refusal-sampler.ts";
import { TrustedProxies } from "../gateway/trusted-proxies.ts";
import { Upstreams } from "../gateway/upstreams.ts";
import { ByteBudget } from "../http/byte-budget.ts";
import { Listener } from "../http/listener.ts";
import { type CertificateSource, openCertificates } from "../http/tls/certificate-source.ts";
import { machineNames } from "../http/tls/machine-names.ts";
import { PrincipalAdmin } from "../keys/enrolled/principal-admin.ts";
import { KeyAdmin } from "../keys/key-admin.ts";
import { KeyMac } from "../keys/key-mac.ts";
import { MemoryKeyRing } from "../keys/key-ring.ts";
import { MemorySignatureRing } from "../keys/signed/signature-ring.ts";
import type { Event } from "../model/event.ts";
import { Admission } from "../quota/admission.ts";
import type { Clock } from "../std/clock.ts";
import { openStores } from "../stores/sqlite/open-stores.ts";
import { Budgets } from "./budgets.ts";
import { CertificateDoor } from "./certificate-door.ts";
import { Detection } from "./detection.ts";
import { findUpstream } from "./find-upstream.ts";
import { makeFirstKey } from "./first-key.ts";
import { issuerOf } from "./issue-certificate.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { openAdmin } from "./open-admin.ts";
import { openForwardAuth } from "./open-forward-auth.ts";
import { openGatewaySocket } from "./open-gateway-socket.ts";
import { SignIn } from "./open-sign-in.ts";
import { Passwords } from "./passwords.ts";
import { ProxyList } from "./proxy-list.ts";
import { type LoadedConfig, RunningSettings } from "./running-settings.ts";
import { admissionSpecOf, pipelineSettingsOf, policyOf, signatureSettingsOf, transportLimitsOf, upstreamsSpecOf } from "./settings.ts";
import { type ProviderStatus, Tokens } from "./tokens.ts";
import { Upkeep } from "./upkeep.ts";
import { VERSION } from "./version.ts";

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
	const signatures = new MemorySignatureRing(signatureSettingsOf(config));
	const door = await CertificateDoor.open(config, stateDirectory, clock);
	const ring = new MemoryKeyRing(new KeyMac(stores.pepper), signatures, door.shown === null ? null : door.ring);
	const keys = new KeyAdmin({
		ring,
		store: stores.keys,
		events,
		mac: new KeyMac(stores.pepper),
		clock,
		isRole: (name) => policy.role(name) !== null,
		onRevoked: (id) => pipeline.cut("credential-revoked", id),
	});
	await keys.load();
	const principals = new PrincipalAdmin({
		rings: [signatures, door.ring],
		issue: issuerOf(stateDirectory, clock),
		store: stores.principals,
		events,
		clock,
		isRole: (name) => policy.role(name) !== null,
		onRemoved: (id) => pipeline.cut("credential-revoked", id),
	});
	await principals.load();
	(await door.prepare(config, (name) => policy.role(name) !== null))();

	const budgets = await Budgets.open(config, { store: stores.budgets, events, record, now: clock, monotonic });
	closers.defer(() => budgets.close());
	const names = () => [...keys.list(), ...principals.list()];
	const detection = closers.use(await Detection.open(config, { stateDirectory, record, names }));
	const upkeep = closers.use(new Upkeep(config, { usage: stores.usage, pruning: stores.pruning, events, record, clock }));
	const passwords = new Passwords({
		stateDirectory,
		pepper: stores.pepper,
		now: clock,
		monotonic,
		record,
		onRemoved: (id) => pipeline.cut("credential-revoked", id),
	});
	closers.defer(() => passwords.close());
	const usePasswords = await passwords.prepare(config.identities.htpasswd, (name) => policy.role(name) !== null);
	const tokens = new Tokens({ now: clock, monotonic, record, metrics, onRemoved: (id) => pipeline.cut("credential-revoked", id) });
	closers.defer(() => tokens.close());
	const useTokens = await tokens.prepare(config.identities.tokens, (name) => policy.role(name) !== null);

	const certificates = await openTls(config, stateDirectory, clock);
	const namesOf = (): readonly string[] => [...machineNames(), "localhost", ...(certificates?.names ?? [])];
	const upstreams = new Upstreams(upstreamsSpecOf(config), { monotonic, now: clock, record });
	closers.defer(() => upstreams.close());
	await upstreams.start();

	const transport = transportLimitsOf(config);
	const admission = new Admission(admissionSpecOf(config));
	const sampler = new RefusalSampler(config.events.refusalsPerMinute, monotonic());
	const memory = new MemoryWatch(config.limits.memoryBytes);
	closers.defer(() => memory.close());
	const pipelineDeps: PipelineDeps = {
		keys: ring,
		passwords: passwords.desk,
		tokens: tokens.desk,
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
	const proxyUsers = new ProxyUsers(config.identities.proxy, ring, clock);
	const pipeline = new Pipeline(pipelineSettingsOf(config, policy, upstreams, namesOf()), { ...pipelineDeps, keys: proxyUsers.keys });
	usePasswords();
	useTokens();

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
		{ ...options.loaded, config },
		{
			file: options.configFile,
			overrides: options.overrides,
			now: clock,
			record,
			apply: async (next) => {
				const nextPolicy = policyOf(next);
				const usePasswords = await passwords.prepare(next.identities.htpasswd, (name) => nextPolicy.role(name) !== null);
				const useTokens = await tokens.prepare(next.identities.tokens, (name) => nextPolicy.role(name) !== null);
				const useCertificates = await door.prepare(next, (name) => nextPolicy.role(name) !== null);
				const useSignIn = await signIn.prepare(next);
				await renewCertificate();
				policy = nextPolicy;
				useSignIn();
				usePasswords();
				useTokens();
				const nextSettings = pipelineSettingsOf(next, nextPolicy, upstreams, namesOf());
				pipeline.adjust(nextSettings);
				forwardAuth.adjust(next, nextSettings);
				proxies.adjust(next);
				proxyUsers.adjust(next.identities.proxy);
				gatewaySocket.adjust(next);
				signatures.adjust(signatureSettingsOf(next));
				for (const id of useCertificates()) pipeline.cut("credential-revoked", id);
				// Handshakes learn of other authorities; sessions from before are not resumed, since each context has ticket keys of its own.
				if (certificates !== null && door.shown !== null) listener.renew({ ...certificates.secureContextOptions(), ...door.tlsOptions() });
				admission.adjust(admissionSpecOf(next), monotonic());
				sampler.adjust(next.events.refusalsPerMinute);
				detection.adjust(next);
				upkeep.adjust(next);
				budgets.adjust(next);
				memory.adjust(next.limits.memoryBytes);
				listener.adjust(transportLimitsOf(next));
			},
		},
	);

	const proxies = new ProxyList(config);
	const behindProxies = {
		handler: new TrustedProxies(pipeline, proxies.includes, proxyUsers),
		budget: new ByteBudget(transport.bufferedBytes),
		monotonic,
	};
	const listener = await Listener.open({
		...behindProxies,
		host: config.gateway.listen.host,
		port: config.gateway.listen.port,
		reusePort: config.gateway.reusePort,
		tls: certificates === null ? null : { ...certificates.secureContextOptions(), ...door.tlsOptions() },
		...(door.shown === null ? {} : { certificates: door.shown }),
		// Whose requests a proxy brings is told later: by the PROXY protocol's header, or by each request's own fields.
		admits: (address) => proxies.includes(address) || policy.door.permits(address),
		behind: { isProxy: proxies.includes, proxyProtocol: config.gateway.proxyProtocol },
		limits: transport,
	});
	// A start that fails from here on must not leave a gateway behind that serves; after an ordinary drain this finds nothing left to do.
	closers.defer(async () => void (await listener.drain(0, () => pipeline.cut("shutting-down", null))));
	const gatewaySocket = await openGatewaySocket(config, behindProxies);
	closers.defer(async () => void (await gatewaySocket.drain(0, () => undefined)));
	const forwardAuth = await openForwardAuth(config, pipelineSettingsOf(config, policy, upstreams, namesOf()), {
		...pipelineDeps,
		budget: behindProxies.budget,
	});
	closers.defer(() => forwardAuth.close());
	let stopping = false;
	const admin = await openAdmin({
		stateDirectory,
		settings,
		keys,
		ring,
		principals,
		asksForCertificates: () => door.shown !== null,
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
			listener.renew({ ...certificates.secureContextOptions(), ...door.tlsOptions() });
			record({ type: "certificate-reloaded", at: clock(), detail: certificates.names.join(", ") });
		} else if (outcome.outcome === "rejected" && !outcome.again) {
			record({ type: "certificate-rejected", at: clock(), detail: outcome.detail });
		}
	}

	const summarise = (): void => {
		for (const event of sampler.summarise(clock(), monotonic())) events.append(event);
		admission.forgetIdle(monotonic());
	};
	const timers = [setInterval(() => void renewCertificate(), CERTIFICATE_CHECK_MS), setInterval(summarise, SUMMARY_MS)];
	metrics.read("connections", () => listener.connections + gatewaySocket.connections);
	metrics.read("streamsActive", () => pipeline.streams);
	metrics.read("requestsActive", () => admission.running);
	metrics.read("passwordChecks", () => passwords.desk.waiting);
	metrics.read("budgetReservations", () => budgets.ledger.open);
	metrics.read("budgetOvershoot", () => budgets.overshoots);
	metrics.read("queueDepth", () => admission.queued);
	metrics.readWaiting((priority) => admission.waiting(priority));
	metrics.read("eventLogAvailable", () => (events.available ? 1 : 0));
	metrics.read("certificateExpiry", () => (certificates === null ? null : certificates.expiresAt / 1000));

	const gateway = urlOf(certificates === null ? "http" : "https", config.gateway.listen.host, listener.address.port);
	const upstreamUrls = config.upstreams.map(({ url }) => url.text);
	record({
		type: "server-started",
		at: clock(),
		version: VERSION,
		gateway,
		upstreams: upstreamUrls,
		demonstration: demonstration !== null,
		configDigest: settings.digest,
	});
	const key = options.firstKey ? await makeFirstKey(keys) : null;

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
			listeners: [
				{ name: "gateway", address: gateway },
				...gatewaySocket.addresses.map((address) => ({ name: "gateway-socket" as const, address })),
				...forwardAuth.addresses.map((address) => ({ name: "forward-auth" as const, address })),
				...admin.listeners,
			],
			upstreams: upstreams.all.map(({ name, healthy, version }, index) => ({
				name,
				url: upstreamUrls[index] ?? "",
				up: healthy === true,
				version,
				detail: null,
			})),
			certificate: certificates === null ? null : { names: certificates.names, expiresAt: certificates.expiresAt, ca: certificates.ca },
			load: { connections: listener.connections, requests: admission.running, streams: pipeline.streams, queued: admission.queued },
			identityProviders: tokens.providers,
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
		const answered = forwardAuth.close();
		const { drainTimeoutMs } = settings.config.limits;
		// A listener that has nobody left is through at once; what came by the other one must not be cut for that.
		let draining = 2;
		const cutLast = (): void => {
			draining -= 1;
			if (draining === 0) pipeline.cut("shutting-down", null);
		};
		const drained = gatewaySocket.drain(drainTimeoutMs, cutLast);
		const cut = (await listener.drain(drainTimeoutMs, cutLast)) + (await drained);
		await answered;
		summarise();
		record({ type: "server-stopped", at: clock(), drainedMs: Math.round(monotonic() - began), cut });
		await closers.disposeAsync();
	}

	return {
		ready: {
			gateway,
			admin: admin.url,
			ca: certificates?.ca?.path ?? null,
			caSha256: certificates?.ca?.sha256 ?? null,
			key,
			upstream: upstreamUrls.join(", "),
			demonstration: demonstration !== null,
		},
		reload: () => settings.reload(),
		stop: () => {
			if (closing !== null) {
				listener.cutNow();
				gatewaySocket.cutNow();
			}
			closing ??= close().then(closed.resolve, closed.reject);
			return closed.promise;
		},
		closed: closed.promise,
		silentProviders: tokens.firstAnswers,
	};
}

async function openTls(config: Config, stateDirectory: string, clock: Clock): Promise<CertificateSource | null> {
	const { tls, names } = config.gateway;
	if (tls.mode === "off") return null;
	const files = tls.mode === "files" ? { certificate: tls.certificate, key: tls.key } : null;
	return await openCertificates({ files, names }, stateDirectory, clock);
}

/** What a client can be told: a listener on every address is reached by the loopback one from here. */
function urlOf(scheme: string, host: string, port: number): string {
	const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
	return `${scheme}://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
