/**
 * Days and months in the operator's time zone, as text that sorts: `2026-10-31`, `2026-10`.
 *
 *  - Asked of the time-zone database once a quarter of an hour: no zone changes its offset, and no day begins, at another moment since 1972.
 */
const SLOT_MS = 900_000;
const DAY_MS = 86_400_000;

export class Calendar {
	readonly timeZone: string;
	readonly #format: Intl.DateTimeFormat;
	#slot = Number.NaN;
	#day = "";
	#hour = 0;

	/** Throws a RangeError where there is no such zone; see `isTimeZone`. */
	constructor(timeZone: string) {
		this.timeZone = timeZone;
		this.#format = new Intl.DateTimeFormat("en-US", {
			timeZone,
			calendar: "iso8601",
			numberingSystem: "latn",
			hourCycle: "h23",
			year: "numeric",
			month: "2-digit",
			day: "2-digit",
			hour: "2-digit",
		});
	}

	/** Of a moment in Unix ms. */
	dayOf(at: number): string {
		this.#find(at);
		return this.#day;
	}

	/** 0 to 23. */
	hourOf(at: number): number {
		this.#find(at);
		return this.#hour;
	}

	#find(at: number): void {
		const slot = Math.floor(at / SLOT_MS);
		if (slot === this.#slot) return;
		const found: Record<string, string> = {};
		for (const { type, value } of this.#format.formatToParts(slot * SLOT_MS)) found[type] = value;
		this.#slot = slot;
		this.#day = `${(found["year"] ?? "").padStart(4, "0")}-${found["month"]}-${found["day"]}`;
		this.#hour = Number(found["hour"]);
	}
}

export function isTimeZone(name: string): boolean {
	try {
		// Offsets ("+02:00") are taken too, and are what they say all the year.
		return new Calendar(name).timeZone !== "";
	} catch {
		return false;
	}
}

/** Whether there is such a day. */
export function isDay(text: string): boolean {
	return /^\d{4}-\d{2}-\d{2}$/.test(text) && dayPlus(text, 0) === text;
}

export function isMonth(text: string): boolean {
	return /^\d{4}-\d{2}$/.test(text) && isDay(`${text}-01`);
}

export function monthOf(day: string): string {
	return day.slice(0, 7);
}

export function lastDayOf(month: string): string {
	const [year = 0, number = 0] = month.split("-").map(Number);
	return textOf(Date.UTC(year, number, 0));
}

/** So many days later, or earlier; "" where there is no such day. */
export function dayPlus(day: string, days: number): string {
	const at = Date.parse(`${day}T00:00:00Z`);
	return Number.isNaN(at) ? "" : textOf(at + days * DAY_MS);
}

function textOf(at: number): string {
	return new Date(at).toISOString().slice(0, 10);
}
