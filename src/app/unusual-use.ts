/** Watches what principals use for what they never did before, and records it. */
import { join } from "node:path";

import type { Config } from "../config/config.ts";
import { Anomalies, type AnomalySettings } from "../detect/anomalies.ts";
import type { Event } from "../model/event.ts";
import { Calendar } from "../std/calendar.ts";
import { HabitFile } from "../stores/habit-file.ts";

/** Written whole, on the loop: some megabytes at most, so seldom; what a crash loses is learned again within as long. */
const SAVE_MS = 1_800_000;

export interface UnusualUseDeps {
	readonly stateDirectory: string;
	readonly record: (event: Event) => void;
	/** Of a principal's id; "" where it is not known. */
	readonly nameOf: (principal: string) => string;
}

export class UnusualUse {
	readonly #anomalies: Anomalies;
	readonly #file: HabitFile;
	readonly #deps: UnusualUseDeps;
	readonly #timer: NodeJS.Timeout;

	private constructor(anomalies: Anomalies, file: HabitFile, deps: UnusualUseDeps) {
		this.#anomalies = anomalies;
		this.#file = file;
		this.#deps = deps;
		this.#timer = setInterval(() => void this.#save(), SAVE_MS);
		this.#timer.unref();
	}

	static async open(config: Config, deps: UnusualUseDeps): Promise<UnusualUse> {
		const file = new HabitFile(join(deps.stateDirectory, "habits.json"));
		const anomalies = new Anomalies(settingsOf(config));
		const kept = await file.load();
		if (kept !== null) anomalies.restore(kept);
		return new UnusualUse(anomalies, file, deps);
	}

	adjust(config: Config): void {
		this.#anomalies.adjust(settingsOf(config));
	}

	observe(event: Event): void {
		if (event.type !== "request-ended" || event.usage === null || event.principal === null || event.model === null) return;
		const { principal, model, usage, at, request } = event;
		const anomalies = this.#anomalies.observe({ principal, model, tokens: usage.promptTokens + usage.outputTokens, at });
		for (const { type, ...anomaly } of anomalies) {
			this.#deps.record({ type, at, principal, name: this.#deps.nameOf(principal), request, ...anomaly });
		}
	}

	async close(): Promise<void> {
		clearInterval(this.#timer);
		await this.#save();
	}

	/** What cannot be kept is learned anew: no reason to disturb anyone. */
	async #save(): Promise<void> {
		if (this.#anomalies.changed) await this.#file.save(this.#anomalies.snapshot()).catch(() => undefined);
	}
}

function settingsOf({ detection, usage }: Config): AnomalySettings {
	return { sensitivity: detection.anomalies, floor: detection.tokensAnHour, calendar: new Calendar(usage.timeZone) };
}
