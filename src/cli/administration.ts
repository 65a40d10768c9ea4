/**
 * What the administrative verbs can do, whichever way it is done: through the socket of the running server, or on the store when none runs.
 *
 * A verb does not know which it has; both give the same problems in the same words.
 */
import type { ExplainProblem, ExplainRequest, Explanation, UsageView } from "../admin/admin-deps.ts";
import type { EnrolledWithCertificate, NewPrincipalRequest, RemovedPrincipal } from "../keys/enrolled/principal-admin.ts";
import type { PrincipalView } from "../keys/enrolled/principal-view.ts";
import type { IssuedKey, RevokedKey } from "../keys/key-admin.ts";
import type { Administered } from "../keys/key-problem.ts";
import type { KeyView } from "../keys/key-view.ts";
import type { NewKeyRequest } from "../keys/new-key-request.ts";
import type { EventQuery, RecordedEvent } from "../ports/event-log.ts";

export interface Enrolled extends EnrolledWithCertificate {
	readonly asked: boolean;
}

export interface Administration extends AsyncDisposable {
	listKeys(): Promise<readonly KeyView[]>;
	showKey(id: string): Promise<Administered<KeyView>>;
	createKey(request: Omit<NewKeyRequest, "by">): Promise<Administered<IssuedKey>>;
	rotateKey(id: string, overlapMs: number): Promise<Administered<IssuedKey>>;
	revokeKey(id: string): Promise<Administered<RevokedKey>>;
	listPrincipals(): Promise<readonly PrincipalView[]>;
	addPrincipal(request: Omit<NewPrincipalRequest, "by">): Promise<Administered<PrincipalView>>;
	/** Where `asked` is false, callers are not asked for a certificate yet. */
	enrol(request: Omit<NewKeyRequest, "by">): Promise<Administered<Enrolled>>;
	removePrincipal(id: string): Promise<Administered<RemovedPrincipal>>;
	/** The newest that match, in order. */
	events(query: EventQuery): Promise<readonly RecordedEvent[]>;
	/** Those, then new ones until `signal` ends it. Throws a HintedError where no server runs that could bring new ones. */
	follow(query: EventQuery, signal: AbortSignal): AsyncIterable<RecordedEvent>;
	readonly usage: UsageView;
	explain(request: ExplainRequest): Promise<Explanation | ExplainProblem>;
}
