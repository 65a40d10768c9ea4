/** How enrolled principals are shown. */
import type { PrincipalView } from "../keys/enrolled/principal-view.ts";
import { shownModels } from "./grant.ts";
import { roughly, shownMoment } from "./lifetime.ts";
import { printable, table } from "./terminal.ts";

export function principalTable(principals: readonly PrincipalView[], now: number): readonly string[] {
	const rows = principals.map((one) => [
		one.id,
		printable(one.name),
		printable(one.role),
		one.state,
		printable(shownModels(one)),
		printable(one.groups.join(",")),
		one.expiresAt === null ? "never" : one.state === "expired" ? "expired" : `in ${roughly(one.expiresAt - now)}`,
		`${one.credential.kind} ${one.credential.serial ?? one.credential.fingerprint}`,
	]);
	return table([["ID", "NAME", "ROLE", "STATE", "MODELS", "GROUPS", "EXPIRES", "CREDENTIAL"], ...rows]);
}

export function principalLines(one: PrincipalView): readonly string[] {
	return table([
		["id", one.id],
		["name", printable(one.name)],
		["role", printable(one.role)],
		["models", printable(shownModels(one))],
		...(one.groups.length === 0 ? [] : [["groups", printable(one.groups.join(", "))]]),
		["expires", one.expiresAt === null ? "never" : shownMoment(one.expiresAt)],
		[one.credential.kind, one.credential.fingerprint],
		...(one.credential.serial === null ? [] : [["serial", one.credential.serial]]),
	]);
}
