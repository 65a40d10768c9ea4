/**
 * What administration needs of the rest, as narrow as it gets: `app` composes it, tests fake it, and the command line works on the same words
 * whether it talks to a running server or to the store itself.
 */
import type { PrincipalAdmin } from "../keys/enrolled/principal-admin.ts";
import type { KeyAdmin } from "../keys/key-admin.ts";
import type { AdminRole } from "../model/admin-role.ts";
import type { BudgetSelector, BudgetSpec } from "../model/budget-spec.ts";
import type { Factor } from "../model/factor.ts";
import type { OperationClass } from "../model/operation-class.ts";
import type { Reason } from "../model/reason.ts";
import type { UsageDimension } from "../model/usage-dimension.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { UsageComparison, UsageLine, UsageReport } from "../ports/usage-ledger.ts";
import type { Metrics } from "./metrics.ts";

export interface AdminDeps {
	readonly keys: Pick<KeyAdmin, "list" | "show" | "create" | "rotate" | "revoke">;
	readonly principals: Pick<PrincipalAdmin, "list" | "add" | "enrol" | "remove">;
	/** Whether the gateway asks callers for a certificate; one that is issued is of no use before it does. */
	asksForCertificates(): boolean;
	/** Whether a role for callers has nothing that the role `operator` lacks; false where it is not configured. */
	isWithinOperator(role: string): boolean;
	/** Who is signed in. Without sign-in, nobody ever is. */
	readonly sessions: SessionAdmin;
	readonly events: Pick<EventLog, "read">;
	/** Reads the whole log and checks the chain and its seals. */
	verifyEvents(): Promise<EventsVerified>;
	readonly usage: UsageView;
	readonly budgets: BudgetAdmin;
	/** Judges a request without running it, or says why it could not be judged: an unknown key, a malformed request line. */
	explain(request: ExplainRequest): Promise<Explanation | ExplainProblem>;
	health(): Health;
	/** `by`: who asks for it. */
	reload(by: string): Promise<ReloadOutcome>;
	status(): ServerStatus;
	readonly metrics: Pick<Metrics, "registry" | "contentType">;
}

export interface SessionAdmin {
	list(): readonly SessionView[];
	/** False where there is no such session. */
	end(id: string, by: string): boolean;
}

export interface SessionView {
	/** Names it and opens nothing. */
	readonly id: string;
	readonly person: string;
	readonly name: string;
	readonly role: AdminRole;
	readonly way: "browser" | "terminal" | "device";
	/** Unix ms, as the next two. */
	readonly signedInAt: number;
	readonly lastUsedAt: number;
	readonly expiresAt: number;
}

export interface BudgetAdmin {
	list(): readonly BudgetView[];
	/** Whoever used most comes first, `limit` of them at most; null where there is no such budget. Looks at a part of them at a time, while others are served. */
	show(name: string, limit: number): Promise<{ readonly budget: BudgetView; readonly standings: readonly BudgetStanding[] } | null>;
	/** Of all budgets that concern a key or an enrolled principal; null where nobody has that id. */
	standingsOf(id: string): readonly BudgetStanding[] | null;
	/** How many counters begin anew; of one subject, or of all where it is null. */
	reset(name: string, subject: string | null, by: string): Promise<number | "budget-unknown" | "not-recorded" | "not-stored">;
}

/** A budget as it is configured; amounts in whole units, names as in the configuration file. */
export interface BudgetView extends Pick<BudgetSpec, "name" | "scope" | "unit" | "limit" | "per"> {
	/** Null where it does not matter: rates, and what runs at a moment. */
	readonly window: BudgetSpec["window"] | null;
	readonly on_exhausted: BudgetSpec["onExhausted"];
	readonly for: BudgetSelector;
	/** Subjects that are counted at this moment. */
	readonly counters: number;
}

/** As `GET /rempart/me` tells it. */
export interface BudgetStanding extends Omit<BudgetView, "for" | "counters"> {
	/** Whose: an id, a group, a model, a network; absent for everyone's. */
	readonly of?: string;
	readonly used: number;
	/** By requests that run at this moment. */
	readonly held: number;
	readonly remaining: number;
	/** ISO 8601; null where nothing is used. */
	readonly renews_at: string | null;
}

export interface UsageView {
	report(request: UsageRequest): Promise<NamedUsageReport>;
	/** Counts the whole log again and compares. */
	recompute(): Promise<UsageComparison>;
}

export interface UsageRequest {
	readonly by: UsageDimension;
	/** Days (`2026-10-31`) or moments in Unix ms, whose days in the operator's time zone count; inclusive, null for no bound. */
	readonly since: string | number | null;
	readonly until: string | number | null;
	readonly limit: number;
	readonly offset: number;
}

export interface NamedUsageReport extends Omit<UsageReport, "lines" | "models"> {
	readonly lines: readonly (Omit<UsageLine, "models"> & {
		/** Of a key or an enrolled principal; null for all else, and for what is not known any more. */
		readonly name: string | null;
		/** By the prices of today, in the operator's currency; null where nothing has a price. */
		readonly cost: number | null;
	})[];
	/** Of everything, as `totals`. */
	readonly cost: number | null;
}

export interface EventsVerified {
	readonly intact: boolean;
	/** The first record that there is, and its moment (Unix ms); null where there is none. What was before it was pruned. */
	readonly since: { readonly seq: number; readonly at: number } | null;
	/** When records before it were removed, as a sealed record says (Unix ms); null where none were. */
	readonly prunedAt: number | null;
	readonly records: number;
	/** Records up to here are sealed by a signed checkpoint; 0 where none is. */
	readonly sealedUpTo: number;
	/** What does not fit, in order. */
	readonly problems: readonly { readonly seq: number; readonly problem: string }[];
}

/** Who would ask: a key by its id, or a role as such. */
export type ExplainSubject = { readonly kind: "key"; readonly id: string } | { readonly kind: "role"; readonly name: string };

export interface ExplainRequest {
	readonly subject: ExplainSubject;
	readonly method: string;
	/** Path as a client sends it, with the query if any. */
	readonly path: string;
	/** Text of the body; null for none. */
	readonly body: string | null;
	/** Address that it would come from; null where that is not told. */
	readonly from: string | null;
	/** What would be shown besides: a certificate beside a key; of a role as such also the kind of credential, and groups. */
	readonly shown: readonly Factor[];
}

export interface Explanation {
	readonly permitted: boolean;
	/** Null for a permit. */
	readonly reason: Reason | null;
	/** Status that the caller would be sent; null for a permit. */
	readonly status: number | null;
	/** For the operator alone: what exactly was refused. */
	readonly detail: string | null;
	/** Whose rights were asked: `key abcd1234 (laptop)` or `role user`. */
	readonly subject: string;
	readonly role: string;
	/** Null where the request was not understood. */
	readonly operation: string | null;
	readonly class: OperationClass | null;
	/** Canonical names, with the field that each came from. */
	readonly models: readonly { readonly name: string; readonly field: string }[];
	/** Every rule in the order asked, up to the one that decided. */
	readonly rules: readonly ExplainedRule[];
	/** What is sent upstream in place of the body; null where nothing was changed or nothing is sent. */
	readonly amended: string | null;
}

export interface ExplainedRule {
	readonly id: string;
	readonly title: string;
	/** decided: refused here, or the last word of a permit. */
	readonly verdict: "passed" | "amended" | "refused";
	readonly detail: string | null;
}

export interface ExplainProblem {
	readonly problem: string;
	readonly hint: string;
}

export interface Health {
	/** Whether the process does its work; a supervisor restarts it where not. */
	readonly live: boolean;
	/** Whether requests should be sent here. */
	readonly ready: boolean;
	readonly checks: readonly HealthCheck[];
}

export interface HealthCheck {
	readonly name: string;
	readonly ok: boolean;
	/** For operators; never shown without a credential. */
	readonly detail: string;
}

export type ReloadOutcome =
	| {
			readonly reloaded: true;
			readonly configDigest: string;
			/** What the operator should know: a setting that needs a restart, a certificate that was replaced. */
			readonly notes: readonly string[];
	  }
	| { readonly reloaded: false; readonly problems: readonly string[] };

export interface ServerStatus {
	readonly version: string;
	readonly pid: number;
	/** Unix ms. */
	readonly startedAt: number;
	readonly uptimeMs: number;
	readonly configFile: string | null;
	readonly configDigest: string;
	readonly stateDirectory: string;
	readonly demonstration: boolean;
	readonly listeners: readonly {
		readonly name: "gateway" | "gateway-socket" | "forward-auth" | "admin" | "socket";
		readonly address: string;
	}[];
	readonly upstreams: readonly {
		readonly name: string;
		readonly url: string;
		readonly up: boolean;
		readonly version: string | null;
		readonly detail: string | null;
	}[];
	/** Null where TLS is off. */
	readonly certificate: {
		readonly names: readonly string[];
		readonly expiresAt: number;
		readonly ca: { readonly path: string; readonly sha256: string } | null;
	} | null;
	/** Those whose access tokens are good here. */
	readonly identityProviders: readonly {
		readonly issuer: string;
		/** When it was last asked; null where it was not asked yet. */
		readonly up: boolean | null;
		readonly keys: number;
		readonly detail: string | null;
	}[];
	readonly load: { readonly connections: number; readonly requests: number; readonly streams: number; readonly queued: number };
	readonly eventLogAvailable: boolean;
	/** Why it is not, in the words of the disk; null where it is. */
	readonly eventLogProblem: string | null;
}
