/** The compact table of the project's README, between two markers: ratios and verdicts, with the day and the machine they are from. */
import type { Figure } from "./figure.ts";
import type { Machine } from "./machine.ts";
import { figureTable } from "./table.ts";

const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";
/** Without a bound, and what a reader asks for nevertheless: also where it does not flatter. */
const ASKED_FOR: readonly string[] = [
	"chat-cpu/haproxy",
	"stream-cpu/haproxy",
	"flood-rate/haproxy",
	"chat-v1-rate/litellm",
	"chat-cpu/nginx-tls",
];

/** Of all figures those that have a bound, and a few more. `at` is the time of the run, as ISO 8601. */
export function readmeTable(at: string, machine: Machine, rounds: number, figures: readonly Figure[]): string {
	const programs = Object.entries(machine.programs).map(([name, version]) => `${name} ${version}`);
	return [
		`Measured ${at.slice(0, 10)} by \`npm run bench\` on ${machine.processor}, ${machine.cores} cores, Linux ${machine.kernel}: Rempart ` +
			`${machine.rempart} with everything on, Node ${machine.node}; ${programs.join(", ")}. Ratios to the peer named, each taken within a ` +
			`round; the median of ${rounds} rounds, with the least and the most in brackets.`,
		"",
		...figureTable(figures.filter(({ id, atLeast }) => atLeast !== null || ASKED_FOR.includes(id))),
	].join("\n");
}

/** The text with what is between its markers replaced. Throws unless each marker is there once, in their order. */
export function withTable(text: string, inner: string): string {
	const [begin, end] = [onlyPlaceOf(BEGIN, text), onlyPlaceOf(END, text)];
	if (end < begin) throw new Error(`${END} stands before ${BEGIN}`);
	return `${text.slice(0, begin + BEGIN.length)}\n\n${inner}\n\n${text.slice(end)}`;
}

function onlyPlaceOf(marker: string, text: string): number {
	const place = text.indexOf(marker);
	if (place === -1) throw new Error(`the README has no ${marker}`);
	if (text.includes(marker, place + 1)) throw new Error(`the README has more than one ${marker}`);
	return place;
}
