/**
 * The gateway's own routes: a closed table, apart from Ollama's operations, because nothing of it is ever forwarded.
 *
 *  - For callers that were identified, under the names that this server answers for, with the right to the class of the row. No body, no query.
 *  - A path under the prefix that is not in the table does not exist, whatever Ollama might have there one day.
 */
import { type Decision, deny, permit } from "../model/decision.ts";
import type { OperationClass } from "../model/operation-class.ts";
import { parseModelName } from "../model/parse-model-name.ts";
import type { Policy, Subject } from "../policy/compile.ts";
import type { Ledger } from "../quota/ledger.ts";
import type { Identified } from "./exchange.ts";
import type { OriginList } from "./origin-list.ts";
import { isServed } from "./served-host.ts";
import { standingJson } from "./standing-json.ts";

const OWN_PREFIX = "/rempart/";
export const OWN_METHODS: readonly string[] = Object.freeze(["GET", "HEAD"]);

export interface OwnRouteDeps {
	readonly policy: Policy;
	readonly names: ReadonlySet<string>;
	readonly origins: OriginList;
}

interface OwnRoute {
	readonly path: string;
	readonly class: OperationClass;
	readonly answer: (identified: Identified, subject: Subject, ledger: Ledger) => object;
}

const OWN_ROUTES: readonly OwnRoute[] = [{ path: "/rempart/me", class: "probe", answer: me }];

export function isOwn(path: string): boolean {
	return path.startsWith(OWN_PREFIX);
}

export function answerOwn(identified: Identified, { policy, names, origins }: OwnRouteDeps, ledger: Ledger): Decision<object> {
	const { head, principal } = identified;
	if (!isServed(head.host, names)) return deny("host-not-served", head.host);
	const origin = head.fields.get("origin");
	if (origin !== undefined && !origins.allows(origin, head.host)) return deny("origin-not-allowed", origin);
	const route = OWN_ROUTES.find(({ path }) => path === head.path);
	if (route === undefined || head.query !== null) return deny("operation-unknown", `${head.method} ${head.target}`.slice(0, 200));
	if (!OWN_METHODS.includes(head.method)) return deny("method-not-allowed", `${head.method} ${head.path}`);
	if (head.framing.kind !== "none") return deny("body-unexpected");
	const subject = policy.subjectOf(principal);
	if (!subject.known) return deny("role-unknown", principal.role);
	if (!subject.classes.has(route.class)) return deny("class-denied", `${principal.role} has no ${route.class}`);
	return permit(route.answer(identified, subject, ledger));
}

/** Who the caller is to us, and what is left of its budgets. Of models, only those that it may use are named. */
function me({ principal, caller }: Identified, subject: Subject, ledger: Ledger): object {
	const { id, kind, name, role, groups } = principal;
	const mayName = (model: string): boolean => {
		const parsed = parseModelName(model);
		return parsed !== null && subject.view.mayName(parsed);
	};
	return { id, kind, name, role, groups, budgets: ledger.standingsOf(principal, caller.peer, mayName).map(standingJson) };
}
