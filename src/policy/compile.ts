/**
 * Turns what an operator wrote into what the hot path asks: compiled once, immutable, swapped whole on reload.
 *
 *  - A role that nobody configured compiles to nobody: no class, no model, no upload. Whoever forgets to ask `known` denies all the same.
 *  - A principal's rights are compiled when it is first seen and kept as long as its object lives; they die with the policy.
 */
import type { ModelName } from "../model/model-name.ts";
import type { OperationClass } from "../model/operation-class.ts";
import type { ParameterSpec, PolicySpec, Revealed, RoleSpec } from "../model/policy-spec.ts";
import type { Principal } from "../model/principal.ts";
import { ORDINARY, type Standing } from "../model/priority.ts";
import { invariant } from "../std/invariant.ts";
import { EVERYWHERE, NetworkRule } from "../std/network-rule.ts";
import { VIRTUAL_PATCHES } from "../virtual-patches/index.ts";
import type { VirtualPatch } from "../virtual-patches/virtual-patch.ts";
import { type Demands, demandsOf } from "./demands.ts";
import { isModelPattern } from "./model-pattern.ts";
import { ModelScope } from "./model-scope.ts";

/** What of an answer its reader may see. */
export interface View {
	mayName(name: ModelName): boolean;
	reveals(part: Revealed): boolean;
}

/** A role as one principal has it. */
export interface Subject {
	readonly role: string;
	/** False where the role is not configured. */
	readonly known: boolean;
	readonly classes: ReadonlySet<OperationClass>;
	readonly models: ModelScope;
	readonly uploads: boolean;
	readonly parameters: ParameterSpec;
	readonly standing: Standing;
	readonly view: View;
	/** What a caller has to show besides a credential; null where that is nothing. */
	readonly demands: Demands | null;
}

/** Throws where a pattern or a registry could never match: the configuration parser has refused such before. */
export function compilePolicy(spec: PolicySpec): Policy {
	for (const [name, role] of Object.entries(spec.roles)) {
		for (const pattern of [...role.models.allow, ...role.models.deny]) {
			invariant(isModelPattern(pattern), `role ${name}: model pattern ${JSON.stringify(pattern)}`);
		}
	}
	for (const host of spec.pull.registries) {
		invariant(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(host), `registry ${JSON.stringify(host)} is not a lower-case host name`);
	}
	return new Policy(spec);
}

export class Policy {
	readonly registries: ReadonlySet<string>;
	/** From where anybody may call at all. */
	readonly door: NetworkRule;
	/** The virtual patches that this policy does not switch off. */
	readonly #patches: readonly VirtualPatch[];
	/** Filled as operations are met, of which there is a closed table. */
	readonly #patchesOf = new Map<string, readonly VirtualPatch[]>();
	readonly #specs: ReadonlyMap<string, RoleSpec>;
	readonly #roles: ReadonlyMap<string, Subject>;
	readonly #subjects = new WeakMap<Principal, Subject>();

	constructor(spec: PolicySpec) {
		this.registries = new Set(spec.pull.registries);
		this.door = new NetworkRule(spec.networks);
		this.#patches = VIRTUAL_PATCHES.filter(({ unless }) => unless === null || !spec.create[unless]);
		// A Map, not the object: a role may be called `constructor`.
		this.#specs = new Map(Object.entries(spec.roles));
		this.#roles = new Map(Array.from(this.#specs, ([name, role]) => [name, compileRole(name, role, null)]));
	}

	/** Whether a role demands a certificate, be it beside another credential. */
	demandsCertificate(role: string): boolean {
		return this.#roles.get(role)?.demands?.factors.includes("certificate") === true;
	}

	/** The role as it is without a key's own narrowing; null where it is not configured. */
	role(name: string): Subject | null {
		return this.#roles.get(name) ?? null;
	}

	/** The virtual patches in force that concern an operation. */
	patchesOf(operation: string): readonly VirtualPatch[] {
		let patches = this.#patchesOf.get(operation);
		if (patches === undefined) {
			patches = this.#patches.filter(({ operations }) => operations === null || operations.includes(operation));
			this.#patchesOf.set(operation, patches);
		}
		return patches;
	}

	subjectOf(principal: Principal): Subject {
		if (principal.models === null) return this.#roles.get(principal.role) ?? nobody(principal.role);
		let subject = this.#subjects.get(principal);
		if (subject === undefined) {
			const spec = this.#specs.get(principal.role);
			subject = spec === undefined ? nobody(principal.role) : compileRole(principal.role, spec, principal.models);
			this.#subjects.set(principal, subject);
		}
		return subject;
	}
}

function compileRole(role: string, spec: RoleSpec, own: readonly string[] | null): Subject {
	const classes: ReadonlySet<OperationClass> = new Set(spec.classes);
	const models = new ModelScope(spec.models, own);
	const reveal: ReadonlySet<Revealed> = new Set(spec.reveal);
	const cloud = classes.has("cloud");
	return Object.freeze({
		role,
		known: true,
		classes,
		models,
		uploads: spec.uploads,
		demands: demandsOf(spec),
		parameters: Object.freeze({ ...spec.parameters }),
		standing: Object.freeze({ ...spec.standing }),
		view: Object.freeze({
			mayName: (name: ModelName) => (cloud || !name.cloud) && models.permits(name),
			reveals: (part: Revealed) => reveal.has(part),
		}),
	});
}

const NOBODY: RoleSpec = {
	networks: EVERYWHERE,
	require: [],
	classes: [],
	models: { allow: [], deny: ["*"] },
	reveal: [],
	uploads: false,
	parameters: { numCtx: 0, numPredict: 0, keepAliveMs: 0, unload: false, imagesMax: 0, imageBytesMax: 0, onExcess: "refuse" },
	standing: ORDINARY,
};

function nobody(role: string): Subject {
	return { ...compileRole(role, NOBODY, null), known: false };
}
