/** How an explanation reads: the answer first, then who and what, then every rule in the order asked, the deciding one last. */
import type { Explanation } from "../admin/admin-deps.ts";
import { REASONS, type Reason } from "../model/reason.ts";
import { doorNetworks } from "../policy/entry/door-networks.ts";
import { printable, type Terminal, table } from "./terminal.ts";

export function explanationLines(explanation: Explanation, terminal: Pick<Terminal, "paint">): readonly string[] {
	const { permitted, reason, status, subject, role, operation, class: operationClass, models, rules, amended } = explanation;
	const verdict = permitted ? terminal.paint("green", "permitted") : `${terminal.paint("red", "denied")}  ${status} ${reason}`;
	const facts = [
		["subject", subject.startsWith("role ") ? printable(subject) : `${printable(subject)}, role ${printable(role)}`],
		["operation", operation === null ? "not known" : `${operation} (class ${operationClass})`],
		...models.map(({ name, field }) => ["model", `${printable(name)} (from ${field})`]),
	];
	const asked = rules.map(({ id, title, verdict: step, detail }) => [
		`  ${step}`,
		id,
		`${title}${detail === null ? "" : `: ${printable(detail)}`}`,
	]);
	return [
		verdict,
		...table(facts),
		"",
		"rules, in the order asked:",
		...table(asked),
		...(reason === null ? [] : ["", answerLine(reason, rules.at(-1)?.id)]),
		...(amended === null ? [] : ["", "sent upstream in place of the body:", printable(amended)]),
	];
}

/** Whom the door itself does not let in is not answered, unless only a proxy's field says where he is: then TLS and the head have passed already. */
function answerLine(reason: Reason, decidedBy: string | undefined): string {
	const { message } = REASONS[reason];
	if (decidedBy !== doorNetworks.id) return `the caller reads: ${message}`;
	return `the caller reads nothing: the connection is closed. Where X-Forwarded-For of a trusted proxy names the address: ${message}`;
}
