/** How keys are shown, and how a person may name one. */
import { parseKey } from "../keys/key-format.ts";
import type { KeyProblem } from "../keys/key-problem.ts";
import type { KeyView } from "../keys/key-view.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { shownModels } from "./grant.ts";
import { roughly, shownMoment } from "./lifetime.ts";
import { printable, type Terminal, table } from "./terminal.ts";

/** Takes an id or a whole key, of which only the id goes any further. */
export function keyIdOf(text: string): string {
	return parseKey(text)?.id ?? text;
}

export function keyTable(keys: readonly KeyView[], now: number): readonly string[] {
	const rows = keys.map((key) => [
		key.id,
		printable(key.name),
		printable(key.role),
		key.state,
		printable(shownModels(key)),
		printable(key.groups.join(",")),
		key.expiresAt === null ? "never" : key.state === "expired" ? "expired" : `in ${roughly(key.expiresAt - now)}`,
		key.secrets.map(({ last4 }) => `…${last4}`).join(" "),
	]);
	return table([["ID", "NAME", "ROLE", "STATE", "MODELS", "GROUPS", "EXPIRES", "ENDS IN"], ...rows]);
}

export function keyLines(key: KeyView): readonly string[] {
	return table([
		["id", key.id],
		["name", printable(key.name)],
		["role", printable(key.role)],
		["state", key.state],
		["models", printable(shownModels(key))],
		...(key.groups.length === 0 ? [] : [["groups", printable(key.groups.join(", "))]]),
		["created", shownMoment(key.createdAt)],
		["expires", key.expiresAt === null ? "never" : shownMoment(key.expiresAt)],
		...(key.revokedAt === null ? [] : [["revoked", shownMoment(key.revokedAt)]]),
		...key.secrets.map(({ last4, createdAt, expiresAt }) => [
			"secret",
			`ends in ${last4}, made ${shownMoment(createdAt)}${expiresAt === null ? "" : `, stops ${shownMoment(expiresAt)}`}`,
		]),
	]);
}

/** Says what was not done and returns what the shell is told: a mistake in what was typed is wrong usage, everything else the answer "no". */
export function reportKeyProblem(problem: KeyProblem, terminal: Terminal): ExitCode {
	terminal.error(problem.message, problem.hint);
	return problem.code.endsWith("-invalid") || problem.code === "role-unknown" ? EXIT.usage : EXIT.no;
}
