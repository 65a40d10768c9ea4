/**
 * What must not compile. The type check fails when one of these starts to: each error is expected where it stands.
 *
 * Nothing here runs.
 */
import type { Decision } from "../model/decision.ts";
import type { Policy } from "../policy/compile.ts";
import type { Grant } from "../policy/evaluate.ts";
import type { Batch } from "../ports/event-log.ts";
import type { Ledger } from "../quota/ledger.ts";
import type { Authorized, Identified, Received, Reserved, Understood } from "./exchange.ts";
import { type AdmitDeps, admit } from "./stages/admit.ts";
import { authorize } from "./stages/authorize.ts";
import { type ForwardDeps, forward } from "./stages/forward.ts";
import { reserve } from "./stages/reserve.ts";
import { type UnderstandDeps, understand } from "./stages/understand.ts";

export function skipped(
	received: Received,
	identified: Identified,
	understood: Understood,
	authorized: Authorized,
	reserved: Reserved,
	deps: { policy: Policy; understand: UnderstandDeps; ledger: Ledger; admit: AdmitDeps; forward: ForwardDeps; recorded: Batch },
): void {
	// @ts-expect-error a stranger is not understood
	void understand(received, deps.understand);
	// @ts-expect-error what was not understood is not authorized
	authorize(identified, deps.policy);
	// @ts-expect-error what was not authorized is not reserved
	reserve(understood, deps.ledger);
	// @ts-expect-error what was not reserved is not admitted
	void admit(authorized, deps.admit);
	// @ts-expect-error what was not admitted is not forwarded
	void forward(reserved, deps.recorded, [], deps.forward);
	// @ts-expect-error a grant cannot be made of its parts
	const forged: Grant = { request: understood.judged, amendments: [], view: authorized.grant.view, standing: authorized.grant.standing };
	void reserve({ ...understood, grant: forged }, deps.ledger);
}

export function unchecked(decision: Decision<number>): number {
	// @ts-expect-error the value of an unchecked decision cannot be read
	return decision.value;
}
