/** Everything that looks at what is recorded for signs of a key that has leaked. */
import type { Config } from "../config/config.ts";
import type { Event } from "../model/event.ts";
import { FamiliarCallers } from "./familiar-callers.ts";
import { UnusualUse } from "./unusual-use.ts";

export interface DetectionDeps {
	readonly stateDirectory: string;
	readonly record: (event: Event) => void;
	/** Keys and enrolled principals: events name them. */
	readonly names: () => readonly { readonly id: string; readonly name: string }[];
}

export class Detection implements AsyncDisposable {
	readonly #familiar: FamiliarCallers;
	readonly #unusual: UnusualUse;

	private constructor(familiar: FamiliarCallers, unusual: UnusualUse) {
		this.#familiar = familiar;
		this.#unusual = unusual;
	}

	/** Throws a HintedError where the list of countries cannot be read. */
	static async open(config: Config, { stateDirectory, record, names }: DetectionDeps): Promise<Detection> {
		const familiar = await FamiliarCallers.open(stateDirectory, config.events.countries, record);
		const nameOf = (principal: string): string => names().find(({ id }) => id === principal)?.name ?? "";
		return new Detection(familiar, await UnusualUse.open(config, { stateDirectory, record, nameOf }));
	}

	observe(event: Event): void {
		this.#familiar.observe(event);
		this.#unusual.observe(event);
	}

	adjust(config: Config): void {
		this.#unusual.adjust(config);
	}

	/** Keeps what was learned. */
	async [Symbol.asyncDispose](): Promise<void> {
		await this.#familiar.close();
		await this.#unusual.close();
	}
}
