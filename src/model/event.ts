/**
 * What happened: a closed union, the only spine. The audit log, metrics, detection, exporters and the console all read these.
 *
 *  - Metadata only. No prompt, no answer, no credential: a test runs the suite with canary secrets and searches every sink.
 *  - `request-started` is written when it is decided whether the request may run, before anything is sent to the upstream;
 *    `request-ended` when the last byte is out or the caller is gone. Every request has exactly one of each.
 *  - Texts that a caller chose (method, path, user agent, model) are cut short and stripped of control characters by the recorder.
 */

import type { AdminRole } from "./admin-role.ts";
import type { Charge, Reserved } from "./charge.ts";
import type { EnrolledCredential } from "./enrolled-principal.ts";
import type { FaultCode } from "./fault.ts";
import type { Dialect, OperationClass } from "./operation-class.ts";
import type { Priority } from "./priority.ts";
import type { Reason } from "./reason.ts";
import type { Usage } from "./usage.ts";

interface At {
	/** Unix ms. */
	readonly at: number;
}

export interface RequestStarted extends At {
	readonly type: "request-started";
	/** The x-request-id. */
	readonly request: string;
	readonly peer: string;
	readonly method: string;
	/** As sent, without the query. */
	readonly path: string;
	readonly userAgent: string | null;
	/** Null for a stranger. */
	readonly principal: string | null;
	readonly principalName: string | null;
	readonly role: string | null;
	/** Null where the request did not get as far as being understood. */
	readonly operation: string | null;
	readonly class: OperationClass | null;
	readonly dialect: Dialect | null;
	readonly model: string | null;
	readonly streaming: boolean;
	readonly decision: "permit" | "deny" | "fault";
	readonly reason: Reason | null;
	readonly fault: FaultCode | null;
	/** For the record alone: what exactly was refused, a virtual patch's id, a clamped parameter. */
	readonly detail: string | null;
	/** What budgets hold for it; null where none concerns it. */
	readonly reserved: Reserved | null;
}

export const OUTCOMES = ["completed", "refused", "fault", "abandoned", "cut"] as const;
/** completed: the last byte left · refused: a decision said no · fault: we failed · abandoned: the caller left · cut: we ended it early. */
export type Outcome = (typeof OUTCOMES)[number];

const PHASES = ["receiving", "deciding", "queued", "connecting", "sending", "waiting", "streaming", "ended"] as const;
/** How far the request had come. */
export type Phase = (typeof PHASES)[number];

export interface RequestEnded extends At {
	readonly type: "request-ended";
	readonly request: string;
	readonly principal: string | null;
	/** Those that the principal had at that moment, sixteen at most; null for none. */
	readonly groups: readonly string[] | null;
	readonly operation: string | null;
	readonly class: OperationClass | null;
	readonly dialect: Dialect | null;
	readonly model: string | null;
	readonly method: string;
	readonly outcome: Outcome;
	readonly phase: Phase;
	/** Status sent to the caller; 499 where the caller left before one could be sent. */
	readonly status: number;
	readonly reason: Reason | null;
	readonly fault: FaultCode | null;
	readonly detail: string | null;
	readonly upstream: string | null;
	readonly durationMs: number;
	readonly queuedMs: number;
	/** Of the role, where requests wait; null where it was not known who asked, or for what. */
	readonly priority: Priority | null;
	/** From the last byte of the request sent upstream to the first byte of its answer; null where none came. */
	readonly firstByteMs: number | null;
	/** Time of ours: the whole less queueing and waiting for the upstream. */
	readonly overheadMs: number;
	readonly bytesIn: number;
	readonly bytesOut: number;
	readonly usage: Usage | null;
	/**
	 * Whole microseconds of the GPU: Ollama's durations or, where its answer has none, the time at the upstream, divided among those that ran at the same
	 * time.
	 */
	readonly gpuTimeUs: number;
	/** What budgets were charged in place of what they held; null where none concerns it. */
	readonly charged: Charge | null;
}

export interface RefusalsSummarised extends At {
	/** Refusals beyond the sampling rate are counted here instead of written one by one, so that a flood cannot fill the disk. */
	readonly type: "refusals-summarised";
	readonly reason: Reason;
	readonly count: number;
	readonly sinceMs: number;
}

export interface KeyChanged extends At {
	readonly type: "key-created" | "key-rotated" | "key-revoked";
	readonly key: string;
	readonly name: string;
	readonly role: string;
	/** Who did it: `socket`, `store` (offline), `set-up`, or a person who signed in: `psn_… (ada)`. */
	readonly by: string;
}

export interface PrincipalChanged extends At {
	readonly type: "principal-added" | "principal-removed";
	/** The id: `prn_…`. */
	readonly principal: string;
	readonly name: string;
	readonly role: string;
	readonly credential: EnrolledCredential["kind"];
	/** Of what is public about the credential: `SHA256:…`. */
	readonly fingerprint: string;
	/** As for keys. */
	readonly by: string;
}

export interface BudgetReset extends At {
	readonly type: "budget-reset";
	readonly budget: string;
	/** Whose count begins anew: an id, a group, a model, a network; "" for what everyone shares, null for all of them. */
	readonly subject: string | null;
	/** As for keys. */
	readonly by: string;
}

/** Wrong passwords beyond what is free: from here on attempts have to wait. Told once until they have faded. */
export interface GuessingNoticed extends At {
	readonly type: "guessing-noticed";
	readonly scope: "network" | "account" | "everywhere";
	/** Of scope `network`: an IPv4 address or an IPv6 /56. */
	readonly network: string | null;
	/** Of scope `account`, where there is such a user; a name that nobody has may be a password in the wrong field. */
	readonly principal: string | null;
	/** Wrong passwords that count at this moment. */
	readonly wrong: number;
}

/** A principal that is known comes from elsewhere, or with another kind of client, than it ever did: it may have leaked. Nothing is refused for it. */
export interface PrincipalUnfamiliar extends At {
	readonly type: "principal-unfamiliar";
	readonly principal: string;
	readonly name: string;
	/** The request that showed it. */
	readonly request: string;
	readonly what: "country" | "network" | "client";
	readonly seen: string;
	/** The one used last before. */
	readonly usual: string;
}

/**
 * A key or another principal does what it never did. Its own past is the measure; nothing is refused for it.
 * `anomaly-volume` is told at most once an hour for each principal, `anomaly-hour` once a day, a model once.
 */
export interface PrincipalAnomaly extends At {
	readonly type: "anomaly-volume" | "anomaly-model" | "anomaly-hour";
	readonly principal: string;
	/** "" where it is not known any more. */
	readonly name: string;
	/** The request that showed it. */
	readonly request: string;
	/** Tokens since the hour began; the model; the hour of the day in the operator's time zone (`03:00`). */
	readonly seen: string;
	/** The median of tokens an hour; the model used last before; the hours of the day that are usual. */
	readonly usual: string;
	/** Of a volume: what it had to pass to be told; else null. */
	readonly bound: number | null;
}

export interface PasswordsLoaded extends At {
	readonly type: "passwords-loaded" | "passwords-rejected";
	/** How many users there are, what is weak about them; or why the file was refused. */
	readonly detail: string;
}

export interface IdentityProviderChanged extends At {
	readonly type: "identity-provider-up" | "identity-provider-down";
	/** As it is configured. */
	readonly issuer: string;
	readonly detail: string | null;
}

export interface ServerStarted extends At {
	readonly type: "server-started";
	readonly version: string;
	readonly gateway: string;
	readonly upstreams: readonly string[];
	readonly demonstration: boolean;
	/** SHA-256 of the configuration as read; the first record of a chain binds to it. */
	readonly configDigest: string;
}

export interface ServerStopped extends At {
	readonly type: "server-stopped";
	readonly drainedMs: number;
	readonly cut: number;
}

/** Somebody signed in to administer, or is signed in no more. */
export interface PersonSession extends At {
	readonly type: "person-signed-in" | "person-signed-out";
	/** The id, the same at each sign-in: `psn_…`. */
	readonly person: string;
	/** Chosen at the provider; not unique. */
	readonly name: string;
	/** As the provider identifies them. */
	readonly subject: string;
	readonly role: AdminRole;
	/** Names the session and opens nothing. */
	readonly session: string;
	readonly way: "browser" | "terminal" | "device";
	/** Why it ended; null at sign-in. */
	readonly detail: string | null;
}

export interface SignInRefused extends At {
	readonly type: "sign-in-refused";
	/** The code of the problem, as in the admin API. */
	readonly problem: string;
	readonly detail: string;
	/** Refusals before this one that were not recorded, because too many came within a minute. */
	readonly unrecorded: number;
}

export interface AdministrationRefused extends At {
	readonly type: "administration-refused";
	readonly by: string;
	readonly role: AdminRole;
	/** What was asked for: `POST /v1/keys`. */
	readonly what: string;
	/** Which role may, or what else stood in the way. */
	readonly detail: string;
}

export interface ConfigReloaded extends At {
	readonly type: "config-reloaded" | "config-rejected";
	/** Who asked for it: `signal`, or as for keys. */
	readonly by: string;
	readonly configDigest: string | null;
	readonly detail: string | null;
}

export interface CertificateReloaded extends At {
	readonly type: "certificate-reloaded" | "certificate-rejected";
	readonly detail: string;
}

export interface UpstreamChanged extends At {
	readonly type: "upstream-up" | "upstream-down";
	readonly upstream: string;
	readonly detail: string | null;
}

export interface RunnerChanged extends At {
	readonly type: "runner-wedged" | "runner-healed" | "runner-heal-failed";
	readonly upstream: string;
	readonly model: string;
	readonly waiting: number;
	readonly detail: string | null;
}

/**
 * Events were older than `events.retention`, and are removed once this record is sealed. What is missing from the beginning of a log, and is not
 * covered by such a record, was taken away by somebody else.
 */
export interface EventsPruned extends At {
	readonly type: "events-pruned";
	/** The last event that is removed: the one that `checkpoint` covers. */
	readonly throughSeq: number;
	/** The latest moment of a removed event, Unix ms. */
	readonly throughAt: number;
	/** Number of the signed checkpoint that ends what is removed; itself it is kept. */
	readonly checkpoint: number;
	/** Hexadecimal: what that checkpoint signs, so the hash over all that was removed. */
	readonly hash: string;
	/** The setting at that moment. */
	readonly retentionMs: number;
}

export interface FaultRaised extends At {
	/** A fault outside any request, such as a log that cannot be written. */
	readonly type: "fault-raised";
	readonly fault: FaultCode;
	readonly detail: string;
}

export interface LogRecovered extends At {
	/** The log could be written again; `lost` counts the events that are missing from it, because too many waited in memory meanwhile. */
	readonly type: "log-recovered";
	readonly lost: number;
}

export type Event =
	| RequestStarted
	| RequestEnded
	| RefusalsSummarised
	| KeyChanged
	| PrincipalChanged
	| BudgetReset
	| GuessingNoticed
	| PrincipalUnfamiliar
	| PrincipalAnomaly
	| PasswordsLoaded
	| IdentityProviderChanged
	| ServerStarted
	| ServerStopped
	| PersonSession
	| SignInRefused
	| AdministrationRefused
	| ConfigReloaded
	| CertificateReloaded
	| UpstreamChanged
	| RunnerChanged
	| EventsPruned
	| FaultRaised
	| LogRecovered;

export type EventType = Event["type"];
