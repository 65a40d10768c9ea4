/** The comment that every printed configuration begins with: what it is, what Rempart needs for it, and what it cannot do. */
import { dirname } from "node:path";

import type { ProxyPlan } from "./plan.ts";

export interface HeadFacts {
	/** `nginx`. */
	readonly title: string;
	/** Where the file goes and how it is loaded. */
	readonly place: readonly string[];
	/** The group that it runs in, as Debian or its makers have it. */
	readonly group: string;
	/** Whether it reads certificates as root, before it becomes somebody else. */
	readonly readsAsRoot: boolean;
	/** Whether the proxy can show a request's body when it asks. */
	readonly showsBody: boolean;
	/** Further sentences about this proxy; a line break in one stays one. */
	readonly notes?: readonly string[];
}

export function headComment(plan: ProxyPlan, facts: HeadFacts): string {
	const { title, place, showsBody, notes = [] } = facts;
	const beside = plan.arrangement === "beside";
	const lines = [
		beside
			? `Rempart beside ${title}: ${title} asks Rempart whether a request may pass, and brings it to Ollama itself.`
			: `Rempart behind ${title}: ${title} brings every request to Rempart, and Rempart brings it to Ollama.`,
		`Printed by: ${plan.command}`,
		"",
		...place,
		"",
		"Rempart needs, in rempart.yaml:",
		...plan.needs.map((line) => `  ${line}`),
		...reachLines(plan, facts),
		"",
		...(beside ? besideFacts(title, showsBody) : BEHIND_FACTS),
		...notes.flatMap((note) => note.split("\n").map((line, at) => `${at === 0 ? "-" : " "} ${line}`)),
	];
	return `${lines.map((line) => `# ${line}`.trimEnd()).join("\n")}\n`;
}

/** What of Rempart's files the proxy has to get at, where it would not by itself. */
function reachLines({ arrangement, gateway, ask }: ProxyPlan, { title, group, readsAsRoot }: HeadFacts): readonly string[] {
	const socket = arrangement === "beside" ? ask.socket : gateway.socket;
	if (socket !== null) {
		return [
			"",
			`${title} may open the socket where the socket is its group's. Sockets take the group of a directory made like this, before Rempart starts:`,
			`  install -d -m 2750 -o REMPART_USER -g ${group} ${dirname(socket)}`,
		];
	}
	if (arrangement === "beside" || gateway.tls === null || !gateway.tls.ours || readsAsRoot) return [];
	return [
		"",
		`Rempart's CA lies in a directory of Rempart's own user. Where ${title} runs as another, copy it, and name the copy below:`,
		`  install -m 644 ${gateway.tls.ca} /etc/${group}/rempart-ca.pem`,
	];
}

const BEHIND_FACTS = ["- Nothing but Rempart may reach Ollama: see it with `rempart doctor`."];

function besideFacts(title: string, showsBody: boolean): readonly string[] {
	return [
		showsBody
			? "- The whole body goes to Rempart with the question, so the rules about models hold. A body that is too large for that is refused."
			: `- ${title} does not show bodies, so operations whose body names a model are refused, unless forward_auth.insecure_unseen lists them;\n#   then no rule about models, parameters or known attacks holds for them.`,
		"- Rate limits hold. Concurrency, the queue, tokens and budgets do not: Rempart never sees the answer.",
		"- Nothing but this proxy may reach Ollama. With Rempart behind the proxy (--behind) all of this holds and is simpler.",
	];
}
