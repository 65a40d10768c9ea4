/**
 * What a principal never did before: far more tokens within an hour, another model, another hour of the day. What a stolen key looks like from here,
 * beside where it comes from (`familiarity.ts`).
 *
 *  - Each is measured by its own past, and told only after a time of learning: a sign and no proof, and nothing is refused for it.
 *  - A volume is told in the middle of the hour, as soon as it is one, and once: again only in another hour, and within a day only when it has doubled.
 *  - A request like the one before it costs a look-up and three comparisons. Medians are reckoned once an hour.
 *  - A clock that ran ahead and was set right again costs what was learned meanwhile, and nothing else.
 *  - Pure state, bounded: so many principals, so many hours and models of each. A newcomer displaces nobody who was at work within a day.
 */
import type { HabitSnapshot } from "../ports/habit-store.ts";
import type { Calendar } from "../std/calendar.ts";

import { medianOf, type Sensitivity, volumeBound } from "./unusual-volume.ts";
import { clockHour, isUsualHour, usualHours } from "./work-hours.ts";

export interface Used {
	readonly principal: string;
	readonly model: string;
	/** Input and output. */
	readonly tokens: number;
	/** Unix ms. */
	readonly at: number;
}

export interface Anomaly {
	readonly type: "anomaly-volume" | "anomaly-model" | "anomaly-hour";
	readonly seen: string;
	readonly usual: string;
	readonly bound: number | null;
}

export interface AnomalySettings {
	readonly sensitivity: Sensitivity;
	/** Tokens within an hour up to which nothing is told. */
	readonly floor: number;
	/** For the hours of the day. */
	readonly calendar: Calendar;
}

interface Habits {
	since: number;
	/** Counted from 1970. */
	hour: number;
	tokens: number;
	/** What `tokens` may be in this hour; null while it was not reckoned. */
	bound: number | null;
	toldHour: number;
	toldTokens: number;
	days: number;
	lastDay: number;
	readonly hours: number[];
	hoursOfDay: number[];
	model: string;
	/** When each was used last; the order is that of use. */
	readonly models: Map<string, number>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_PRINCIPALS = 4_000;
const MOST_HOURS = 96;
const MOST_MODELS = 32;
const MODEL_KEPT_MS = 90 * DAY_MS;

const LEARNING_MODELS_MS = DAY_MS;
const LEARNING_VOLUME_MS = 3 * DAY_MS;
const LEARNING_VOLUME_HOURS = 24;
const LEARNING_HOURS_MS = 14 * DAY_MS;
const LEARNING_HOURS_DAYS = 10;
/** After a volume was told, for so many hours only its double is told again. */
const QUIET_HOURS = 24;

const NOTHING: readonly Anomaly[] = Object.freeze([]);

export class Anomalies {
	readonly #known = new Map<string, Habits>();
	#settings: AnomalySettings;
	#changed = false;

	constructor(settings: AnomalySettings) {
		this.#settings = settings;
	}

	/** Counts from the next request on; what was learned stays. While it is off, nothing is learned. */
	adjust(settings: AnomalySettings): void {
		this.#settings = settings;
		for (const habits of this.#known.values()) habits.bound = null;
	}

	observe({ principal, model, tokens, at }: Used): readonly Anomaly[] {
		if (this.#settings.sensitivity === "off") return NOTHING;
		const habits = this.#known.get(principal) ?? this.#learn(principal, at);
		if (habits === null) return NOTHING;
		const hour = Math.floor(at / HOUR_MS);
		let told: Anomaly[] | null = null;
		if (hour > habits.hour || hour < habits.hour - 1) {
			if (hour < habits.hour) setBack(habits, at);
			this.#turn(principal, habits, hour);
			told = pushed(told, this.#atHour(habits, at));
		}
		habits.tokens += tokens;
		if (model !== habits.model) told = pushed(told, this.#withModel(habits, model, at));
		habits.bound ??= this.#boundOf(habits);
		if (habits.tokens > habits.bound) {
			told = pushed(told, {
				type: "anomaly-volume",
				seen: String(habits.tokens),
				usual: usualTokens(habits),
				bound: Math.round(habits.bound),
			});
			habits.bound = Number.POSITIVE_INFINITY;
			habits.toldHour = habits.hour;
		}
		return told ?? NOTHING;
	}

	/** Whether there is something to keep since the last snapshot. */
	get changed(): boolean {
		return this.#changed;
	}

	snapshot(): HabitSnapshot {
		this.#changed = false;
		return Array.from(this.#known, ([principal, habits]) => [
			principal,
			habits.since,
			habits.hour,
			habits.tokens,
			habits.toldHour,
			habits.toldTokens,
			habits.days,
			habits.lastDay,
			[...habits.hours],
			habits.hoursOfDay,
			[...habits.models],
		]);
	}

	/** For a new one, before anything is observed. */
	restore(snapshot: HabitSnapshot): void {
		for (const [principal, since, hour, tokens, toldHour, toldTokens, days, lastDay, hours, hoursOfDay, models] of snapshot.slice(
			-MOST_PRINCIPALS,
		)) {
			this.#known.set(principal, {
				since,
				hour,
				tokens,
				bound: null,
				toldHour,
				toldTokens,
				days,
				lastDay,
				model: "",
				hours: hours.slice(-MOST_HOURS),
				hoursOfDay: hoursOfDay.slice(0, 24),
				models: new Map(models.slice(-MOST_MODELS)),
			});
		}
	}

	#learn(principal: string, at: number): Habits | null {
		if (this.#known.size >= MOST_PRINCIPALS) {
			const [oldest] = this.#known;
			if (oldest === undefined || Math.abs(at - oldest[1].hour * HOUR_MS) < DAY_MS) return null;
			this.#known.delete(oldest[0]);
		}
		const habits: Habits = {
			since: at,
			hour: 0,
			tokens: 0,
			bound: null,
			toldHour: 0,
			toldTokens: 0,
			days: 0,
			lastDay: 0,
			model: "",
			hours: [],
			hoursOfDay: [],
			models: new Map(),
		};
		this.#known.set(principal, habits);
		return habits;
	}

	/** Another hour begins; the one that is over is a habit now. */
	#turn(principal: string, habits: Habits, hour: number): void {
		this.#changed = true;
		this.#known.delete(principal);
		this.#known.set(principal, habits);
		if (habits.tokens > 0 && habits.hours.push(habits.tokens) > MOST_HOURS) habits.hours.shift();
		if (habits.toldHour === habits.hour) habits.toldTokens = habits.tokens;
		habits.hour = hour;
		habits.tokens = 0;
		habits.bound = null;
	}

	#boundOf(habits: Habits): number {
		const { sensitivity, floor } = this.#settings;
		const learning = habits.hours.length < LEARNING_VOLUME_HOURS || habits.hour * HOUR_MS - habits.since < LEARNING_VOLUME_MS;
		if (learning || sensitivity === "off" || habits.toldHour === habits.hour) return Number.POSITIVE_INFINITY;
		const bound = volumeBound(habits.hours, sensitivity, floor);
		return habits.hour - habits.toldHour <= QUIET_HOURS ? Math.max(bound, 2 * habits.toldTokens) : bound;
	}

	#atHour(habits: Habits, at: number): Anomaly | null {
		const day = Math.floor(at / DAY_MS);
		const hour = this.#settings.calendar.hourOf(at);
		if (habits.hoursOfDay.length === 0) habits.hoursOfDay = Array.from({ length: 24 }, () => 0);
		const learning = at - habits.since < LEARNING_HOURS_MS || habits.days < LEARNING_HOURS_DAYS;
		const anomaly: Anomaly | null =
			learning || isUsualHour(habits.hoursOfDay, hour, day)
				? null
				: { type: "anomaly-hour", seen: clockHour(hour), usual: usualHours(habits.hoursOfDay, day), bound: null };
		habits.hoursOfDay[hour] = day;
		if (day !== habits.lastDay) habits.days += 1;
		habits.lastDay = day;
		return anomaly;
	}

	#withModel(habits: Habits, model: string, at: number): Anomaly | null {
		const usual = habits.model === "" ? lastOf(habits.models) : habits.model;
		// The one before was in use up to now, and stands last.
		if (usual !== undefined) habits.models.set(usual, at);
		const usedAt = habits.models.get(model);
		habits.models.delete(model);
		habits.models.set(model, at);
		habits.model = model;
		if (habits.models.size > MOST_MODELS) {
			const [oldest] = habits.models.keys();
			if (oldest !== undefined) habits.models.delete(oldest);
		}
		this.#changed = true;
		if (usedAt !== undefined && at - usedAt < MODEL_KEPT_MS) return null;
		if (usual === undefined || at - habits.since < LEARNING_MODELS_MS) return null;
		return { type: "anomaly-model", seen: model, usual, bound: null };
	}
}

/** The clock was, by more than an hour: what is kept of a time that has not come says nothing, and must not keep anybody from being measured until it comes. */
function setBack(habits: Habits, at: number): void {
	const hour = Math.floor(at / HOUR_MS);
	habits.since = Math.min(habits.since, at);
	habits.toldHour = Math.min(habits.toldHour, hour - 1);
	habits.hoursOfDay = habits.hoursOfDay.map((day) => Math.min(day, Math.floor(at / DAY_MS)));
}

function usualTokens(habits: Habits): string {
	return String(Math.round(medianOf(habits.hours)));
}

function pushed(told: Anomaly[] | null, anomaly: Anomaly | null): Anomaly[] | null {
	if (anomaly === null) return told;
	return told === null ? [anomaly] : [...told, anomaly];
}

function lastOf(models: ReadonlyMap<string, number>): string | undefined {
	let last: string | undefined;
	for (const name of models.keys()) last = name;
	return last;
}
