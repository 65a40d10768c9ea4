/**
 * Whose request is asked about, and how it would come: a key or an enrolled principal with what is its own, or a role with what the question says.
 *
 * A role as such is asked about with a key, unless the question says otherwise. Groups belong to whoever has them, so a key's cannot be made up.
 */
import type { ExplainProblem, ExplainRequest } from "../admin/admin-deps.ts";
import type { PrincipalAdmin } from "../keys/enrolled/principal-admin.ts";
import type { MemoryKeyRing } from "../keys/key-ring.ts";
import { principalOfEnrolled, principalOfKey } from "../keys/principal-of.ts";
import { CREDENTIAL_FACTORS, FACTOR_OF, type Factor, groupOf } from "../model/factor.ts";
import type { Principal } from "../model/principal.ts";
import type { Policy } from "../policy/compile.ts";
import type { Entering } from "../policy/demands.ts";
import { readIpAddress } from "../std/ip-address.ts";

export interface SubjectDeps {
	readonly policy: Policy;
	readonly keys: Pick<MemoryKeyRing, "find">;
	/** Absent where only what a role may do can be asked. */
	readonly principals?: Pick<PrincipalAdmin, "find">;
}

export interface ExplainedSubject {
	readonly entering: Entering;
	readonly label: string;
}

const KINDS: readonly Principal["kind"][] = ["api-key", "htpasswd", "ollama-key", "access-token", "proxy-user"];

export function explainedSubject(request: ExplainRequest, deps: SubjectDeps): ExplainedSubject | ExplainProblem {
	const { subject, from, shown } = request;
	if (from !== null && readIpAddress(from) === undefined)
		return { problem: `"${from}" is no address`, hint: "write for example: --from 192.0.2.7" };
	if (shown.includes("network"))
		return { problem: "a network is not shown", hint: "say where the request would come from: --from 192.0.2.7" };
	const known = subject.kind === "role" ? roleAsSuch(subject.name, shown, deps) : existing(subject.id, shown, deps);
	if ("problem" in known) return known;
	const { principal, label } = known;
	const certificate = principal.kind === "certificate" || shown.includes("certificate");
	return { entering: { principal, address: from, certificate }, label };
}

interface Known {
	readonly principal: Principal;
	readonly label: string;
}

function roleAsSuch(name: string, shown: readonly Factor[], { policy }: SubjectDeps): Known | ExplainProblem {
	if (policy.role(name) === null)
		return { problem: `there is no role "${name}"`, hint: "the built-in roles are reader, user, operator and admin" };
	const credentials = CREDENTIAL_FACTORS.filter((factor) => shown.includes(factor));
	if (credentials.length > 1)
		return { problem: `no request has ${credentials.join(" and ")} together`, hint: `name one: --with ${credentials[0]}` };
	const alone = credentials.length === 0 && shown.includes("certificate") ? "certificate" : "api-key";
	const kind = KINDS.find((each) => FACTOR_OF[each] === credentials[0]) ?? alone;
	const groups = shown.map(groupOf).filter((group) => group !== null);
	return { principal: { kind, id: "anybody", name, role: name, models: null, groups }, label: `role ${name}` };
}

function existing(id: string, shown: readonly Factor[], { keys, principals }: SubjectDeps): Known | ExplainProblem {
	const made = shown.find((factor) => factor !== "certificate");
	if (made !== undefined)
		return {
			problem: `${made} is not for the question to say`,
			hint: "with a key only a certificate can be shown besides; for the rest ask about --role",
		};
	const enrolled = principals?.find(id) ?? null;
	if (enrolled !== null) {
		return { principal: principalOfEnrolled(enrolled), label: `${enrolled.id} (${enrolled.name})` };
	}
	const key = keys.find(id);
	if (key === null) return { problem: `there is no key "${id}"`, hint: "see the ids with: rempart key list, rempart principal list" };
	return { principal: principalOfKey(key), label: `key ${key.id} (${key.name})` };
}
