/** The closed vocabulary of errors in metrics: whose doing (`caller_`, `policy_`, `upstream_`, `rempart_`), then the code in snake case. */
import { FAULTS, type FaultCode } from "../model/fault.ts";
import { REASONS, type Reason } from "../model/reason.ts";

export function reasonLabel(reason: Reason): string {
	return prefixed(REASONS[reason].prefix, reason);
}

export function faultLabel(fault: FaultCode): string {
	return prefixed(FAULTS[fault].prefix, fault);
}

function prefixed(prefix: string, code: string): string {
	const snake = code.replaceAll("-", "_");
	return snake.startsWith(`${prefix}_`) ? snake : `${prefix}_${snake}`;
}
