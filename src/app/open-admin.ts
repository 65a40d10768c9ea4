/** The operators' side: the whole API on the Unix socket; probes and metrics on loopback, and the API for people who have signed in there. */
import { join } from "node:path";
import { createAdminApi } from "../admin/admin-api.ts";
import type { AdminDeps, Health, ServerStatus } from "../admin/admin-deps.ts";
import { listenOnSocket, listenOnTcp } from "../admin/admin-listener.ts";
import type { Metrics } from "../admin/metrics.ts";
import { createProbeApp } from "../admin/probe-app.ts";
import type { PrincipalAdmin } from "../keys/enrolled/principal-admin.ts";
import type { KeyAdmin } from "../keys/key-admin.ts";
import type { MemoryKeyRing } from "../keys/key-ring.ts";
import type { Policy } from "../policy/compile.ts";
import { isRoleWithin } from "../policy/role-within.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { UsageLedger } from "../ports/usage-ledger.ts";
import { budgetAdmin } from "./budget-admin.ts";
import type { Budgets } from "./budgets.ts";
import { explainRequest } from "./explain-request.ts";
import { namedUsage } from "./named-usage.ts";
import type { SignIn } from "./open-sign-in.ts";
import type { RunningSettings } from "./running-settings.ts";
import { policySpecOf } from "./settings.ts";
import { verifyEvents } from "./verify-events.ts";

export interface OpenAdminOptions {
	readonly stateDirectory: string;
	readonly settings: RunningSettings;
	readonly keys: KeyAdmin;
	readonly ring: MemoryKeyRing;
	readonly principals: PrincipalAdmin;
	readonly asksForCertificates: () => boolean;
	readonly events: EventLog;
	readonly usage: UsageLedger;
	readonly budgets: Budgets;
	readonly metrics: Metrics;
	readonly policy: () => Policy;
	readonly signIn: SignIn;
	readonly status: () => ServerStatus;
	readonly isStopping: () => boolean;
}

export interface OpenedAdmin {
	readonly url: string;
	readonly listeners: ServerStatus["listeners"];
	close(): Promise<void>;
}

const ADMIN_SOCKET = "admin.sock";

export async function openAdmin(options: OpenAdminOptions): Promise<OpenedAdmin> {
	const { settings, keys, ring, principals, events, budgets, metrics, stateDirectory, signIn } = options;
	const { config } = settings;
	const deps: AdminDeps = {
		keys,
		principals,
		asksForCertificates: options.asksForCertificates,
		events,
		verifyEvents: () => verifyEvents(stateDirectory),
		usage: namedUsage({
			ledger: options.usage,
			config: () => settings.config,
			names: () => [...keys.list(), ...principals.list()],
		}),
		budgets: budgetAdmin({
			ledger: budgets.ledger,
			save: () => budgets.save(),
			events,
			keys: ring,
			principals,
			clock: budgets.clock,
		}),
		explain: (request) => {
			const { limits } = settings.config;
			return Promise.resolve(
				explainRequest(request, {
					policy: options.policy(),
					keys: ring,
					principals,
					limits: { maxDepth: limits.jsonDepth, maxMembers: limits.jsonMembers },
				}),
			);
		},
		health: () => healthOf(options),
		reload: (by) => settings.reload(by),
		isWithinOperator: (name) => {
			const { roles } = policySpecOf(settings.config);
			const [role, ceiling] = [roles[name], roles["operator"]];
			return Object.hasOwn(roles, name) && role !== undefined && ceiling !== undefined && isRoleWithin(role, ceiling);
		},
		sessions: options.signIn.sessions,
		status: options.status,
		metrics,
	};
	const probes = await listenOnTcp(
		createProbeApp(deps, () => settings.config.gateway.names, { deps, desk: () => signIn.desk, overstepped: signIn.overstepped }),
		config.admin.listen,
	);
	const socket = config.admin.socket ? await listenOnSocket(createAdminApi(deps), join(stateDirectory, ADMIN_SOCKET)) : null;
	const listeners: { name: "admin" | "socket"; address: string }[] = [{ name: "admin", address: probes.address }];
	if (socket !== null) listeners.push({ name: "socket", address: socket.address });
	return {
		url: probes.address,
		listeners,
		close: async () => {
			await probes.close();
			await socket?.close();
		},
	};
}

function healthOf({ events, status, isStopping }: OpenAdminOptions): Health {
	const { upstreams } = status();
	const up = upstreams.filter((upstream) => upstream.up).length;
	const checks = [
		{ name: "event-log", ok: events.available, detail: events.available ? "writable" : "cannot be written; no request is served" },
		{ name: "upstreams", ok: up > 0, detail: `${up} of ${upstreams.length} answer` },
		{ name: "accepting", ok: !isStopping(), detail: isStopping() ? "draining" : "yes" },
	];
	return { live: true, ready: checks.every(({ ok }) => ok), checks };
}
