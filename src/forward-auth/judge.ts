/**
 * judge: the gateway's own identify, understand and authorize, asked about a request that somebody else will forward.
 *
 * Between a gateway and a proxy's question lies what neither can change afterwards, so more is refused here:
 *
 *  - The proxy sends the path that it has. Where another reader could make another path of it, it is refused, parameters included.
 *  - The proxy sends the caller's own body. A permit that would have lowered something in it is a refusal: nobody lowers it.
 *  - What the rules need and is not shown is a refusal: the body (whole operations), or the answer (what the caller may not read is not taken out).
 *    The operator may say otherwise, operation by operation; then the rules that need it do not hold, and the record says so.
 */

import type { Authorized, Identified, Understood } from "../gateway/exchange.ts";
import { authorize } from "../gateway/stages/authorize.ts";
import { type UnderstandDeps, understand } from "../gateway/stages/understand.ts";
import { type Decision, deny, permit } from "../model/decision.ts";
import { REVEALED } from "../model/policy-spec.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";
import { findOperation } from "../ollama/operations.ts";
import type { Policy } from "../policy/compile.ts";

export interface JudgeSettings extends UnderstandDeps {
	readonly policy: Policy;
	/** Ids of operations that may pass though not everything is seen. */
	readonly unseen: ReadonlySet<string>;
}

export interface Judged {
	readonly authorized: Authorized;
	/** For the record: what was not looked at. */
	readonly unseen: string | null;
}

/** `onUnderstood` is told what is asked as soon as that is known, for the record of a refusal too. */
export async function judge(
	identified: Identified,
	settings: JudgeSettings,
	onUnderstood: (judged: JudgedRequest) => void,
): Promise<Decision<Judged>> {
	const { path } = identified.head;
	if (!isCanonical(path)) return deny("operation-unknown", `${path}: not in canonical form`);
	const understood = await understandShown(identified, settings);
	if (!understood.permitted) return understood;
	onUnderstood(understood.value.value.judged);

	// Rights before contents: whoever may not do it at all is told so, not that something was not shown.
	const authorized = authorize(understood.value.value, settings.policy);
	if (!authorized.permitted) return authorized;
	const { judged, grant } = authorized.value;
	const mayPassUnseen = settings.unseen.has(judged.operation.id);
	const { bodySeen } = understood.value;
	if (!bodySeen && !mayPassUnseen) {
		return deny("body-unseen", "the proxy shows no whole body, and the operation is not in forward_auth.insecure_unseen");
	}
	if (grant.amendments.length > 0) return deny("parameter-denied", `a proxy cannot lower what it forwards: ${grant.amendments.join("; ")}`);
	const hidden = hiddenIn(authorized.value, settings.policy);
	if (hidden !== null && !mayPassUnseen) return deny("answer-unseen", hidden);
	const unseen = [...(bodySeen ? [] : [NO_BODY]), ...(hidden === null ? [] : [hidden])];
	return permit({ authorized: authorized.value, unseen: unseen.length === 0 ? null : unseen.join("; ") });
}

const NO_BODY = "the body was not seen: no rule about models, parameters or attacks was applied";

/** Ollama and the proxies each have their own idea of escapes, empty segments and dots; what passes here has none of them (CVE-2025-54576). */
export function isCanonical(path: string): boolean {
	return /^\/(?:[A-Za-z0-9_:@~-][A-Za-z0-9._:@~-]*(?:\/(?!$)|$))*$/.test(path);
}

/** Where the body is not shown, the request as far as method and path tell it. */
async function understandShown(
	identified: Identified,
	settings: JudgeSettings,
): Promise<Decision<{ readonly value: Understood; readonly bodySeen: boolean }>> {
	const decision = await understand(identified, settings);
	// A file is never shown whole, whichever the proxy: what the gateway checks in it while it streams is unchecked here.
	if (decision.permitted) return permit({ value: decision.value, bodySeen: decision.value.judged.body.kind !== "blob" });
	const found = findOperation(identified.head.method, identified.head.path);
	if (decision.reason !== "body-unseen" || !("operation" in found)) return decision;
	return permit({ value: { ...identified, judged: unseenRequest(identified, found) }, bodySeen: false });
}

function unseenRequest({ head }: Identified, { operation, parameter }: Pick<JudgedRequest, "operation" | "parameter">): JudgedRequest {
	return {
		operation,
		method: head.method,
		path: head.path,
		parameter,
		body: { kind: "none" },
		models: [],
		streaming: operation.streams === "ndjson-by-default",
		usageAsked: false,
		droppedKeys: [],
	};
}

/** What the gateway would take out of the answer; null where nothing. */
function hiddenIn({ principal, judged, grant }: Authorized, policy: Policy): string | null {
	switch (judged.operation.filter) {
		case "tags":
		case "ps":
		case "v1-models":
			return policy.subjectOf(principal).models.everything ? null : "the list shows models that the caller may not use";
		case "show": {
			const hidden = REVEALED.filter((part) => !grant.view.reveals(part));
			return hidden.length === 0 ? null : `the answer shows ${hidden.join(", ")}`;
		}
		case "v1-model":
		case "version":
		case null:
			return null;
	}
}
