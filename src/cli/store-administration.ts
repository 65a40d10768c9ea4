/**
 * Administration on the store itself, while no server runs: the state's lock sees to that.
 *
 *  - What needs no configuration works without a sound one. Revoking a stolen key must not wait for a typing error to be mended.
 *  - Every act is recorded in the event log, as through the server, with `store` as who did it.
 */
import type { ExplainProblem, ExplainRequest, Explanation, UsageView } from "../admin/admin-deps.ts";
import { type ExplainDeps, explainRequest } from "../app/explain-request.ts";
import { issuerOf } from "../app/issue-certificate.ts";
import { namedUsage } from "../app/named-usage.ts";
import { policyOf } from "../app/settings.ts";
import type { Config } from "../config/config.ts";
import { type NewPrincipalRequest, PrincipalAdmin, type RemovedPrincipal } from "../keys/enrolled/principal-admin.ts";
import type { PrincipalView } from "../keys/enrolled/principal-view.ts";
import { type IssuedKey, KeyAdmin, type RevokedKey } from "../keys/key-admin.ts";
import { KeyMac } from "../keys/key-mac.ts";
import { type Administered, done } from "../keys/key-problem.ts";
import { MemoryKeyRing } from "../keys/key-ring.ts";
import type { KeyView } from "../keys/key-view.ts";
import type { NewKeyRequest } from "../keys/new-key-request.ts";
import type { Policy } from "../policy/compile.ts";
import type { EventQuery, RecordedEvent } from "../ports/event-log.ts";
import type { Clock } from "../std/clock.ts";
import { HintedError } from "../std/hinted-error.ts";
import { openStores, type Stores } from "../stores/sqlite/open-stores.ts";
import type { Administration, Enrolled } from "./administration.ts";

/** How events name whoever came this way. */
const BY = "store";

export interface StoreAdministrationDeps {
	readonly stateDirectory: string;
	readonly clock: Clock;
	/** Throws a HintedError where the configuration is not sound. */
	readonly readConfig: () => Promise<Config>;
}

export class StoreAdministration implements Administration {
	readonly usage: UsageView;
	readonly #deps: StoreAdministrationDeps;
	readonly #stores: Stores;
	readonly #ring: MemoryKeyRing;
	readonly #keys: KeyAdmin;
	readonly #principals: PrincipalAdmin;
	#policy: Policy | null = null;

	private constructor(deps: StoreAdministrationDeps, stores: Stores) {
		this.#deps = deps;
		this.#stores = stores;
		const mac = new KeyMac(stores.pepper);
		this.#ring = new MemoryKeyRing(mac);
		const isRole = (name: string) => this.#policy !== null && this.#policy.role(name) !== null;
		const { events } = stores;
		this.#keys = new KeyAdmin({ ring: this.#ring, store: stores.keys, events, mac, clock: deps.clock, isRole });
		this.#principals = new PrincipalAdmin({
			rings: [],
			issue: issuerOf(stores.directory, deps.clock),
			store: stores.principals,
			events,
			clock: deps.clock,
			isRole,
		});
		this.usage = this.#usageView();
	}

	/** In the days of the configured time zone, at the configured prices. */
	#usageView(): UsageView {
		const view = async (): Promise<UsageView> => {
			const config = await this.#deps.readConfig();
			const names = () => [...this.#keys.list(), ...this.#principals.list()];
			return namedUsage({ ledger: this.#stores.usage, config: () => config, names });
		};
		return { report: async (request) => (await view()).report(request), recompute: async () => (await view()).recompute() };
	}

	/** Throws a HintedError where the state cannot be opened, for one because a server that has no socket holds it. */
	static async open(deps: StoreAdministrationDeps): Promise<StoreAdministration> {
		const stores = await openStores({ directory: deps.stateDirectory, clock: deps.clock });
		const administration = new StoreAdministration(deps, stores);
		try {
			await administration.#keys.load();
			await administration.#principals.load();
			return administration;
		} catch (error) {
			await stores.close();
			throw error;
		}
	}

	listKeys(): Promise<readonly KeyView[]> {
		return Promise.resolve(this.#keys.list());
	}

	showKey(id: string): Promise<Administered<KeyView>> {
		return Promise.resolve(this.#keys.show(id));
	}

	async createKey(request: Omit<NewKeyRequest, "by">): Promise<Administered<IssuedKey>> {
		this.#policy ??= policyOf(await this.#deps.readConfig());
		return await this.#keys.create({ ...request, by: BY });
	}

	rotateKey(id: string, overlapMs: number): Promise<Administered<IssuedKey>> {
		return this.#keys.rotate(id, { overlapMs, by: BY });
	}

	revokeKey(id: string): Promise<Administered<RevokedKey>> {
		return this.#keys.revoke(id, { by: BY });
	}

	listPrincipals(): Promise<readonly PrincipalView[]> {
		return Promise.resolve(this.#principals.list());
	}

	async addPrincipal(request: Omit<NewPrincipalRequest, "by">): Promise<Administered<PrincipalView>> {
		this.#policy ??= policyOf(await this.#deps.readConfig());
		return await this.#principals.add({ ...request, by: BY });
	}

	async enrol(request: Omit<NewKeyRequest, "by">): Promise<Administered<Enrolled>> {
		const config = await this.#deps.readConfig();
		this.#policy ??= policyOf(config);
		const enrolled = await this.#principals.enrol({ ...request, by: BY });
		return enrolled.done ? done({ ...enrolled.value, asked: config.identities.certificates.ask }) : enrolled;
	}

	removePrincipal(id: string): Promise<Administered<RemovedPrincipal>> {
		return this.#principals.remove(id, { by: BY });
	}

	events(query: EventQuery): Promise<readonly RecordedEvent[]> {
		return this.#stores.events.read(query);
	}

	follow(): AsyncIterable<RecordedEvent> {
		throw new HintedError(
			"no server runs on this state, so nothing new will happen",
			"leave --follow out, or start the server: rempart serve",
		);
	}

	async explain(request: ExplainRequest): Promise<Explanation | ExplainProblem> {
		return explainByConfiguration(request, await this.#deps.readConfig(), { keys: this.#ring, principals: this.#principals });
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#stores.close();
	}
}

/** As the server would judge it with this configuration; without keys, only what a role may do can be asked. */
export function explainByConfiguration(
	request: ExplainRequest,
	config: Config,
	known: Pick<ExplainDeps, "keys" | "principals"> = { keys: { find: () => null } },
): Explanation | ExplainProblem {
	const { limits } = config;
	return explainRequest(request, {
		...known,
		policy: policyOf(config),
		limits: { maxDepth: limits.jsonDepth, maxMembers: limits.jsonMembers },
	});
}
