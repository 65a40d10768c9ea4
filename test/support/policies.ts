/** Policies and principals for tests, each different from the default in what is said and in nothing else. */
import assert from "node:assert/strict";

import { parseConfig } from "../../src/config/parse.ts";
import type { ParameterSpec, PolicySpec, RoleSpec } from "../../src/model/policy-spec.ts";
import { NO_GROUPS, type Principal } from "../../src/model/principal.ts";
import { BUILT_IN_ROLES } from "../../src/policy/built-in-roles.ts";
import { compilePolicy, type Policy } from "../../src/policy/compile.ts";

/** As it is without any configuration. */
export const DEFAULT_POLICY_SPEC: PolicySpec = withoutConfiguration();
export const DEFAULT_POLICY = compilePolicy(DEFAULT_POLICY_SPEC);

/** The default policy with one more role, `tested`, which is `admin` but for `role`. */
export function policyWith(
	role: Partial<Omit<RoleSpec, "parameters">> & { readonly parameters?: Partial<ParameterSpec> },
	spec: Partial<PolicySpec> = {},
): Policy {
	const { admin } = BUILT_IN_ROLES;
	const tested: RoleSpec = { ...admin, ...role, parameters: { ...admin.parameters, ...role.parameters } };
	return compilePolicy({ ...DEFAULT_POLICY_SPEC, ...spec, roles: { ...BUILT_IN_ROLES, tested } });
}

export function principalOf(role = "tested", models: readonly string[] | null = null): Principal {
	return { kind: "api-key", id: "test0001", name: "test", role, models, groups: NO_GROUPS };
}

function withoutConfiguration(): PolicySpec {
	const parsed = parseConfig("", "none");
	assert.ok("config" in parsed);
	return { ...parsed.config.policy, roles: BUILT_IN_ROLES };
}
