/**
 * One identity provider: its keys in memory, fetched again before they are old, and what to do while it does not answer.
 *
 *  - Keys are fetched at the start and every few minutes, so a new one is mostly known before the first token that it signs.
 *  - A token with a key that is not known makes for one fetch, whoever asks and however many; the next such fetch is `PAUSE_MS` later, and who came
 *    meanwhile waits for that. So tokens of a stranger that name keys that never were can neither make us ask more often nor use up the turn of an
 *    honest one. A key that was looked for in vain is not looked for again for a while.
 *  - While the provider does not answer, what was fetched is good for `staleMs`. After that, and before the first answer, nothing can be told: a fault.
 *  - A fetch that failed is tried again after a while that doubles up to a minute; whoever asks within it gets the fault at once.
 */
import { Fault } from "../model/fault.ts";
import type { IssuerSpec } from "../model/issuer-spec.ts";
import type { DocumentSource } from "../ports/document-source.ts";
import type { KeySet } from "./key-set.ts";
import { fetchKeys, fetchMetadata, type Metadata } from "./provider-documents.ts";

export interface ProviderDeps {
	readonly source: DocumentSource;
	readonly monotonic: () => number;
	/** Told at the first answer or failure, and whenever that turns. */
	readonly onTurn: (up: boolean, detail: string | null) => void;
	/** A key that was good is so no longer: whatever was proved with it is to be proved anew. */
	readonly onKeyGone: () => void;
	/** Passes the time between two fetches; that of the clock on the wall where it is not said. */
	readonly wait?: (ms: number) => Promise<void>;
}

export interface ProviderState {
	/** Null while it was not asked. */
	readonly up: boolean | null;
	readonly keys: number;
	/** Why it is not up. */
	readonly detail: string | null;
}

const REFRESH_MS = 5 * 60_000;
const METADATA_MS = 3_600_000;
/** Between two fetches that unknown keys ask for. */
const PAUSE_MS = 10_000;
const MISSING_MS = 30_000;
const MOST_MISSING = 1_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

export class Provider {
	readonly spec: Pick<IssuerSpec, "issuer" | "jwks" | "clearText" | "staleMs">;
	readonly #deps: ProviderDeps;
	#metadata: { readonly value: Metadata; readonly at: number } | null = null;
	#set: { readonly value: KeySet; readonly at: number } | null = null;
	#fetching: Promise<void> | null = null;
	#next: Promise<void> | null = null;
	#askedAt = Number.NEGATIVE_INFINITY;
	/** When a key was last asked for that was not known. */
	#turnAt = Number.NEGATIVE_INFINITY;
	/** Keys that were looked for in vain, and when. */
	readonly #missing = new Map<string, number>();
	#failures = 0;
	#state: ProviderState = { up: null, keys: 0, detail: null };
	#timer: NodeJS.Timeout | null = null;
	#closed = false;

	constructor(spec: Provider["spec"], deps: ProviderDeps) {
		this.spec = spec;
		this.#deps = deps;
	}

	get state(): ProviderState {
		return this.#state;
	}

	/** Fetches, and goes on fetching. Resolves when the first attempt has ended, whichever way. */
	async start(): Promise<void> {
		await this.#fetch().catch(() => undefined);
	}

	/** The keys that are good at this moment; rejects with a Fault where there are none. */
	async keys(): Promise<KeySet> {
		const set = this.#fresh();
		if (set !== null) return set;
		if (this.#fetching === null && this.#askedAt + this.#retryMs() > this.#deps.monotonic()) throw this.#unavailable();
		await this.#fetch();
		return this.#fresh() ?? this.#throwUnavailable();
	}

	/** Keys that have one of this name, or could have, after one more fetch if need be; null where it was looked for in vain lately. */
	async keysAfter(lacking: KeySet, kid: string): Promise<KeySet | null> {
		if (this.#set !== null && this.#set.value !== lacking) return await this.keys();
		if ((this.#missing.get(kid) ?? Number.NEGATIVE_INFINITY) + MISSING_MS > this.#deps.monotonic()) return null;
		this.#next ??= this.#fetchInTurn().finally(() => {
			this.#next = null;
		});
		await this.#next;
		return await this.keys();
	}

	/** It is not among the keys that were fetched for it. */
	missed(kid: string): void {
		this.#missing.delete(kid);
		this.#missing.set(kid, this.#deps.monotonic());
		if (this.#missing.size <= MOST_MISSING) return;
		const [oldest] = this.#missing.keys();
		if (oldest !== undefined) this.#missing.delete(oldest);
	}

	/** Where tokens are introspected; rejects with a Fault where that is not known. */
	async introspection(): Promise<string> {
		const known = this.#metadata?.value.introspection ?? null;
		if (known !== null) return known;
		if (this.#metadata !== null)
			throw new Fault("identity-provider-unavailable", `${this.spec.issuer} publishes no introspection endpoint`);
		if (this.#askedAt + this.#retryMs() > this.#deps.monotonic()) throw this.#unavailable();
		await this.#fetch();
		return this.#metadataNow()?.introspection ?? this.#throwUnavailable();
	}

	close(): void {
		this.#closed = true;
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#deps.source.close();
	}

	#metadataNow(): Metadata | null {
		return this.#metadata?.value ?? null;
	}

	#fresh(): KeySet | null {
		if (this.#set === null || this.#set.at + this.spec.staleMs <= this.#deps.monotonic()) return null;
		return this.#set.value;
	}

	async #fetchInTurn(): Promise<void> {
		const wait = this.#turnAt + PAUSE_MS - this.#deps.monotonic();
		if (wait > 0) await (this.#deps.wait ?? later)(wait);
		this.#turnAt = this.#deps.monotonic();
		// What fails is heard of by `state`; whoever waits goes on with the keys that there are.
		await this.#fetch().catch(() => undefined);
	}

	/** One at a time, whoever asks. */
	#fetch(): Promise<void> {
		this.#fetching ??= this.#fetchNow().finally(() => {
			this.#fetching = null;
		});
		return this.#fetching;
	}

	async #fetchNow(): Promise<void> {
		this.#askedAt = this.#deps.monotonic();
		try {
			const { source, monotonic } = this.#deps;
			const { jwks, clearText } = this.spec;
			if (jwks === null && (this.#metadata === null || this.#failures > 0 || this.#metadata.at + METADATA_MS <= monotonic())) {
				this.#metadata = { value: await fetchMetadata(this.spec, source), at: monotonic() };
			}
			const set = await fetchKeys(jwks ?? this.#metadata?.value.keys ?? "", clearText, source);
			if (!this.#closed) this.#take(set);
		} catch (error) {
			if (this.#closed) throw this.#unavailable();
			this.#failures += 1;
			this.#turn(false, error instanceof Error ? error.message : String(error));
			throw this.#unavailable();
		} finally {
			this.#schedule();
		}
	}

	#take(set: KeySet): void {
		const before = this.#set?.value ?? null;
		// The same set goes on, with the keys that it has imported.
		const same = before !== null && before.keys.size === set.keys.size && isWithin(before, set);
		this.#set = { value: same ? before : set, at: this.#deps.monotonic() };
		this.#failures = 0;
		if (before !== null && !isWithin(before, set)) this.#deps.onKeyGone();
		this.#turn(true, null);
	}

	#turn(up: boolean, detail: string | null): void {
		const turned = this.#state.up !== up;
		this.#state = { up, keys: this.#set?.value.keys.size ?? 0, detail };
		if (turned) this.#deps.onTurn(up, detail);
	}

	#schedule(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		if (this.#closed) return;
		this.#timer = setTimeout(() => void this.#fetch().catch(() => undefined), this.#failures === 0 ? REFRESH_MS : this.#retryMs());
		this.#timer.unref();
	}

	#retryMs(): number {
		return this.#failures === 0 ? 0 : Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(10, this.#failures - 1));
	}

	#unavailable(): Fault {
		return new Fault("identity-provider-unavailable", `${this.spec.issuer}: ${this.#state.detail ?? "it was not asked yet"}`);
	}

	#throwUnavailable(): never {
		throw this.#unavailable();
	}
}

function later(ms: number): Promise<void> {
	return new Promise((resolve) => {
		setTimeout(resolve, ms).unref();
	});
}

function isWithin(before: KeySet, after: KeySet): boolean {
	for (const key of before.keys) if (!after.keys.has(key)) return false;
	return true;
}
