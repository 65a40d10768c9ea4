/** Watches permitted requests for a principal that comes from elsewhere or with another kind of client than usual, and records it. */
import { join } from "node:path";

import { Familiarity } from "../detect/familiarity.ts";
import type { Event } from "../model/event.ts";
import { FamiliarityFile } from "../stores/familiarity-file.ts";
import { readCountries } from "./read-countries.ts";

/** Written whole, on the loop: seldom enough that nobody notices. */
const SAVE_MS = 300_000;

export class FamiliarCallers {
	readonly #familiarity: Familiarity;
	readonly #file: FamiliarityFile;
	readonly #record: (event: Event) => void;
	readonly #timer: NodeJS.Timeout;

	private constructor(familiarity: Familiarity, file: FamiliarityFile, record: (event: Event) => void) {
		this.#familiarity = familiarity;
		this.#file = file;
		this.#record = record;
		this.#timer = setInterval(() => void this.#save(), SAVE_MS);
		this.#timer.unref();
	}

	/** `countries`: a list of them on disk; null for none. Throws a HintedError where it cannot be read. */
	static async open(stateDirectory: string, countries: string | null, record: (event: Event) => void): Promise<FamiliarCallers> {
		const file = new FamiliarityFile(join(stateDirectory, "familiar.json"));
		const table = countries === null ? null : await readCountries(countries);
		const callers = new FamiliarCallers(new Familiarity((peer) => table?.countryOf(peer) ?? null), file, record);
		const kept = await file.load();
		if (kept !== null) callers.#familiarity.restore(kept);
		return callers;
	}

	observe(event: Event): void {
		if (event.type !== "request-started" || event.principal === null || event.decision !== "permit") return;
		const { principal, principalName, peer, userAgent, at, request } = event;
		for (const unfamiliar of this.#familiarity.observe({ principal, peer, userAgent, at })) {
			this.#record({ type: "principal-unfamiliar", at, principal, name: principalName ?? "", request, ...unfamiliar });
		}
	}

	async close(): Promise<void> {
		clearInterval(this.#timer);
		await this.#save();
	}

	/** What cannot be kept is learned anew: no reason to disturb anyone. */
	async #save(): Promise<void> {
		if (this.#familiarity.changed) await this.#file.save(this.#familiarity.snapshot()).catch(() => undefined);
	}
}
