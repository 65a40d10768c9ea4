/** Administration through the admin socket of the running server. */
import type { ExplainProblem, ExplainRequest, Explanation, UsageRequest, UsageView } from "../admin/admin-deps.ts";
import type { NewPrincipalRequest, RemovedPrincipal } from "../keys/enrolled/principal-admin.ts";
import type { PrincipalView } from "../keys/enrolled/principal-view.ts";
import type { IssuedKey, RevokedKey } from "../keys/key-admin.ts";
import { type Administered, done } from "../keys/key-problem.ts";
import type { KeyView } from "../keys/key-view.ts";
import type { NewKeyRequest } from "../keys/new-key-request.ts";
import type { EventQuery, RecordedEvent } from "../ports/event-log.ts";
import { Secret } from "../std/secret.ts";
import type { Administration, Enrolled } from "./administration.ts";
import { Refused, type SocketClient } from "./socket-client.ts";

export class SocketAdministration implements Administration {
	readonly usage: UsageView;
	readonly #client: SocketClient;

	constructor(client: SocketClient) {
		this.#client = client;
		this.usage = {
			report: (request) => client.get(`/v1/usage?${usageParameters(request)}`),
			recompute: () => client.post("/v1/usage/recompute"),
		};
	}

	async listKeys(): Promise<readonly KeyView[]> {
		return (await this.#client.get<{ keys: readonly KeyView[] }>("/v1/keys")).keys;
	}

	showKey(id: string): Promise<Administered<KeyView>> {
		return administered(this.#client.get<KeyView>(keyPath(id)));
	}

	createKey(request: Omit<NewKeyRequest, "by">): Promise<Administered<IssuedKey>> {
		return administered(this.#client.post<IssuedAnswer>("/v1/keys", request).then(issued));
	}

	rotateKey(id: string, overlapMs: number): Promise<Administered<IssuedKey>> {
		return administered(this.#client.post<IssuedAnswer>(`${keyPath(id)}/rotate`, { overlapMs }).then(issued));
	}

	revokeKey(id: string): Promise<Administered<RevokedKey>> {
		const revoked = this.#client.post<KeyView & { warning: string | null }>(`${keyPath(id)}/revoke`);
		return administered(revoked.then(({ warning, ...key }) => ({ key, warning })));
	}

	async listPrincipals(): Promise<readonly PrincipalView[]> {
		return (await this.#client.get<{ principals: readonly PrincipalView[] }>("/v1/principals")).principals;
	}

	addPrincipal(request: Omit<NewPrincipalRequest, "by">): Promise<Administered<PrincipalView>> {
		return administered(this.#client.post<PrincipalView>("/v1/principals", request));
	}

	enrol(request: Omit<NewKeyRequest, "by">): Promise<Administered<Enrolled>> {
		const enrolled = this.#client.post<Omit<Enrolled, "key"> & { readonly key: string }>("/v1/principals/enrol", request);
		return administered(enrolled.then(({ key, ...answer }) => ({ ...answer, key: new Secret(key) })));
	}

	removePrincipal(id: string): Promise<Administered<RemovedPrincipal>> {
		const removed = this.#client.post<PrincipalView & { warning: string | null }>(`/v1/principals/${encodeURIComponent(id)}/remove`);
		return administered(removed.then(({ warning, ...principal }) => ({ principal, warning })));
	}

	async events(query: EventQuery): Promise<readonly RecordedEvent[]> {
		return (await this.#client.get<{ events: readonly RecordedEvent[] }>(`/v1/events?${parametersOf(query)}`)).events;
	}

	follow(query: EventQuery, signal: AbortSignal): AsyncIterable<RecordedEvent> {
		return this.#client.lines<RecordedEvent>(`/v1/events?${parametersOf(query)}&follow=true`, signal);
	}

	async explain(request: ExplainRequest): Promise<Explanation | ExplainProblem> {
		try {
			return await this.#client.post<Explanation>("/v1/policy/explain", request);
		} catch (error) {
			if (error instanceof Refused) return { problem: error.message, hint: error.hint };
			throw error;
		}
	}

	[Symbol.asyncDispose](): Promise<void> {
		return Promise.resolve();
	}
}

type IssuedAnswer = KeyView & { readonly key: string };

function issued({ key: text, ...key }: IssuedAnswer): IssuedKey {
	return { text: new Secret(text), key };
}

async function administered<T>(answer: Promise<T>): Promise<Administered<T>> {
	try {
		return done(await answer);
	} catch (error) {
		if (error instanceof Refused && error.problem !== null) return { done: false, problem: error.problem };
		throw error;
	}
}

function keyPath(id: string): string {
	return `/v1/keys/${encodeURIComponent(id)}`;
}

function usageParameters({ by, since, until, limit, offset }: UsageRequest): string {
	const parameters = new URLSearchParams({ by, limit: String(limit), offset: String(offset) });
	if (since !== null) parameters.set("since", String(since));
	if (until !== null) parameters.set("until", String(until));
	return parameters.toString();
}

function parametersOf({ afterSeq, since, until, types, principal, request, limit }: EventQuery): string {
	const given = { afterSeq, since, until, type: types?.join(","), key: principal, request, limit };
	const parameters = new URLSearchParams();
	for (const [name, value] of Object.entries(given)) if (value !== undefined) parameters.set(name, String(value));
	return parameters.toString();
}
