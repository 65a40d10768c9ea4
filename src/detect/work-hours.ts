/**
 * At which hours of the day somebody is at work: twenty-four days, each the last one on which it was seen at that hour.
 *
 * An hour beside a usual one is usual: people come earlier and stay longer, and clocks are changed.
 */
const KEPT_DAYS = 60;
/** Whoever is at work at more hours than these has no hours. */
const MOST_HOURS = 16;

export function isUsualHour(hoursOfDay: readonly number[], hour: number, day: number): boolean {
	const isSeen = (at: number): boolean => seen(hoursOfDay[(at + 24) % 24] ?? 0, day);
	if (isSeen(hour) || isSeen(hour - 1) || isSeen(hour + 1)) return true;
	const hours = hoursOfDay.filter((last) => seen(last, day)).length;
	// Whoever comes back after months has no hours either.
	return hours === 0 || hours > MOST_HOURS;
}

/** `09:00 to 17:59, 20:00 to 20:59` */
export function usualHours(hoursOfDay: readonly number[], day: number): string {
	const spans: [from: number, to: number][] = [];
	for (const [hour, last] of hoursOfDay.entries()) {
		if (!seen(last, day)) continue;
		const span = spans.at(-1);
		if (span !== undefined && span[1] === hour - 1) span[1] = hour;
		else spans.push([hour, hour]);
	}
	return spans.map(([from, to]) => `${clockHour(from)} to ${String(to).padStart(2, "0")}:59`).join(", ");
}

export function clockHour(hour: number): string {
	return `${String(hour).padStart(2, "0")}:00`;
}

function seen(last: number, day: number): boolean {
	return last > 0 && day - last <= KEPT_DAYS;
}
