/** A policy in which no virtual patch is in force. */
import type { PolicySpec } from "../../../src/model/policy-spec.ts";
import { Policy as Patching } from "../../../src/policy/compile.ts";
import type { VirtualPatch } from "../../../src/virtual-patches/virtual-patch.ts";

export * from "../../../src/policy/compile.ts";

export class Policy extends Patching {
	override patchesOf(): readonly VirtualPatch[] {
		return [];
	}
}

export function compilePolicy(spec: PolicySpec): Policy {
	return new Policy(spec);
}
