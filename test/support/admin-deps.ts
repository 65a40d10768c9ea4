/** An administration with a real KeyAdmin over stores in memory, and scripted answers for the rest. */
import type {
	AdminDeps,
	BudgetAdmin,
	BudgetStanding,
	BudgetView,
	Explanation,
	NamedUsageReport,
	ServerStatus,
} from "../../src/admin/admin-deps.ts";
import { createMetrics } from "../../src/admin/metrics.ts";
import { PrincipalAdmin } from "../../src/keys/enrolled/principal-admin.ts";
import { KeyAdmin } from "../../src/keys/key-admin.ts";
import { KeyMac } from "../../src/keys/key-mac.ts";
import { MemoryKeyRing } from "../../src/keys/key-ring.ts";
import type { ApiKey } from "../../src/model/api-key.ts";
import type { Event } from "../../src/model/event.ts";
import type { EventQuery, RecordedEvent } from "../../src/ports/event-log.ts";
import type { KeyStore } from "../../src/ports/key-store.ts";
import { Secret } from "../../src/std/secret.ts";
import { MemoryPrincipalStore } from "./memory-principal-store.ts";

export const NOW = Date.UTC(2026, 0, 1);

export interface AdminWorld {
	readonly deps: AdminDeps;
	readonly recorded: RecordedEvent[];
	record(event: Event): void;
	readonly reloads: number[];
}

export function adminWorld(changes: Partial<AdminDeps> = {}): AdminWorld {
	const recorded: RecordedEvent[] = [];
	const reloads: number[] = [];
	const record = (event: Event) => void recorded.push({ seq: recorded.length + 1, event });
	const events = {
		available: true,
		problem: null,
		lastSeq: 0,
		append(event: Event) {
			record(event);
			return { committed: true, settled: Promise.resolve() };
		},
		read: (query: EventQuery) => Promise.resolve(recorded.filter((one) => matches(one, query)).slice(-query.limit)),
		close: () => Promise.resolve(),
	};
	const mac = new KeyMac(new Secret("ab".repeat(32)));
	const keys = new KeyAdmin({
		ring: new MemoryKeyRing(mac),
		store: memoryStore(),
		events,
		mac,
		clock: () => NOW,
		isRole: (name) => ["user", "admin"].includes(name),
	});
	const principals = new PrincipalAdmin({
		rings: [],
		issue: ({ id }, expiresAt) =>
			Promise.resolve({
				certificate: `certificate of ${id}\n`,
				key: new Secret(`key of ${id}\n`),
				authority: "authority\n",
				sha256: "ab".repeat(32),
				serial: "4F2A",
				expiresAt,
			}),
		store: new MemoryPrincipalStore(),
		events,
		clock: () => NOW,
		isRole: (name) => ["user", "admin"].includes(name),
	});
	const deps: AdminDeps = {
		keys,
		principals,
		asksForCertificates: () => true,
		isWithinOperator: (role) => role === "user",
		sessions: { list: () => [], end: () => false },
		events,
		usage: {
			report: ({ by }) => Promise.resolve({ ...USAGE, by }),
			recompute: () => Promise.resolve({ blocks: 3, provableAfter: null, rowsCompared: 2, differences: [] }),
		},
		budgets: BUDGETS,
		verifyEvents: () =>
			Promise.resolve({ intact: true, since: null, prunedAt: null, records: recorded.length, sealedUpTo: recorded.length, problems: [] }),
		explain: () => Promise.resolve(EXPLANATION),
		health: () => ({ live: true, ready: false, checks: [{ name: "upstream", ok: false, detail: "connect ECONNREFUSED 127.0.0.1:11434" }] }),
		reload: () => {
			reloads.push(1);
			return Promise.resolve({ reloaded: true, configDigest: "d1", notes: [] });
		},
		status: () => STATUS,
		metrics: createMetrics(),
		...changes,
	};
	return { deps, recorded, record, reloads };
}

const DAILY: BudgetView = {
	name: "daily",
	scope: "key",
	unit: "tokens",
	limit: 1_000,
	per: "day",
	window: "calendar",
	on_exhausted: "refuse",
	for: { roles: null, keys: null, groups: null, models: null },
	counters: 1,
};

const { for: _for, counters: _counters, ...daily } = DAILY;
const DAILY_STANDING: BudgetStanding = {
	...daily,
	of: "abcd1234",
	used: 400,
	held: 100,
	remaining: 500,
	renews_at: "2026-11-24T00:00:00.000Z",
};

/** One budget, of which one key has used something. */
const BUDGETS: BudgetAdmin = {
	list: () => [DAILY],
	show: (name) => Promise.resolve(name === "daily" ? { budget: DAILY, standings: [DAILY_STANDING] } : null),
	standingsOf: (id) => (id === "abcd1234" ? [DAILY_STANDING] : null),
	reset: (name, subject) => Promise.resolve(name !== "daily" ? "budget-unknown" : subject === null || subject === "abcd1234" ? 1 : 0),
};

const SUMS = {
	requests: 3,
	refused: 1,
	faults: 0,
	aborted: 0,
	inputTokens: 30,
	outputTokens: 90,
	gpuUs: 1_500_000,
	wallUs: 2_000_000,
	bytesIn: 300,
	bytesOut: 900,
	estimated: 0,
	untimed: 0,
};

export const USAGE: NamedUsageReport = {
	by: "principal",
	since: null,
	until: null,
	timeZone: "UTC",
	lines: [{ of: "abcd1234", name: "laptop", cost: null, ...SUMS }],
	cost: null,
	linesInAll: 1,
	totals: SUMS,
	cutMonths: [],
	record: { chain: "c1", fromSeq: 1, toSeq: 6, countedSeq: 6, uncounted: 0, checkpoint: null },
};

export const EXPLANATION: Explanation = {
	permitted: false,
	reason: "class-denied",
	status: 403,
	detail: "manage is not granted to role user, which has probe read infer",
	subject: "role user",
	role: "user",
	operation: "pull",
	class: "manage",
	models: [{ name: "llama3.2:latest", field: "model" }],
	rules: [
		{ id: "role-known", title: "The role is configured", verdict: "passed", detail: null },
		{
			id: "operation-class",
			title: "The role grants this class of operations",
			verdict: "refused",
			detail: "manage is not granted to role user",
		},
	],
	amended: null,
};

export const STATUS: ServerStatus = {
	version: "0.1.0",
	pid: 4711,
	startedAt: NOW,
	uptimeMs: 90_061_000,
	configFile: null,
	configDigest: "d0",
	stateDirectory: "/var/lib/rempart",
	demonstration: false,
	listeners: [{ name: "gateway", address: "https://0.0.0.0:11435" }],
	upstreams: [{ name: "local", url: "http://127.0.0.1:11434", up: true, version: "0.13.0", detail: null }],
	certificate: { names: ["localhost"], expiresAt: NOW + 86_400_000, ca: { path: "/var/lib/rempart/tls/ca.pem", sha256: "00" } },
	identityProviders: [],
	load: { connections: 1, requests: 2, streams: 3, queued: 4 },
	eventLogAvailable: true,
	eventLogProblem: null,
};

export function requestStarted(change: Partial<Extract<Event, { type: "request-started" }>> = {}): Event {
	return {
		type: "request-started",
		at: NOW,
		request: "r1",
		peer: "192.0.2.7",
		method: "POST",
		path: "/api/chat",
		userAgent: "ollama/0.13",
		principal: "abcd1234",
		principalName: "laptop",
		role: "user",
		operation: "chat",
		class: "infer",
		dialect: "ollama",
		model: "llama3.2:latest",
		streaming: true,
		decision: "permit",
		reason: null,
		fault: null,
		detail: null,
		reserved: null,
		...change,
	};
}

function matches({ seq, event }: RecordedEvent, query: EventQuery): boolean {
	if (seq <= (query.afterSeq ?? 0)) return false;
	if (query.since !== undefined && event.at < query.since) return false;
	if (query.until !== undefined && event.at > query.until) return false;
	if (query.types !== undefined && !query.types.includes(event.type)) return false;
	if (query.request !== undefined && !("request" in event && event.request === query.request)) return false;
	return query.principal === undefined || ("principal" in event && event.principal === query.principal);
}

function memoryStore(): KeyStore {
	const keys = new Map<string, ApiKey>();
	const put = (key: ApiKey) => Promise.resolve(void keys.set(key.id, key));
	return { all: () => Promise.resolve([...keys.values()]), insert: put, replace: put, close: () => Promise.resolve() };
}
