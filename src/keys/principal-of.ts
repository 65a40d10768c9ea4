/** Who calls with a key of ours, or with what was enrolled here. */
import type { ApiKey } from "../model/api-key.ts";
import type { EnrolledPrincipal } from "../model/enrolled-principal.ts";
import { NO_GROUPS, type Principal } from "../model/principal.ts";

export function principalOfKey({ id, name, role, models, groups }: ApiKey): Principal {
	return { kind: "api-key", id, name, role, models, groups: groups.length === 0 ? NO_GROUPS : groups };
}

export function principalOfEnrolled({ id, name, role, models, groups, credential: { kind } }: EnrolledPrincipal): Principal {
	return { kind, id, name, role, models, groups };
}
