/** The comment that every printed configuration begins with: what it is, what Rempart needs for it, and what it cannot do. */
import type { ProxyPlan } from "./plan.ts";

export interface HeadFacts {
	/** `nginx`. */
	readonly title: string;
	/** Where the file goes and how it is loaded. */
	readonly place: readonly string[];
	/** Whether the proxy can show a request's body when it asks. */
	readonly showsBody: boolean;
	/** Further sentences about this proxy. */
	readonly notes?: readonly string[];
}

export function headComment(plan: ProxyPlan, { title, place, showsBody, notes = [] }: HeadFacts): string {
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
		"",
		...(beside ? besideFacts(title, showsBody) : BEHIND_FACTS),
		...notes.map((note) => `- ${note}`),
	];
	return `${lines.map((line) => `# ${line}`.trimEnd()).join("\n")}\n`;
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
