/**
 * The whole configuration: every section with its default, and the typed form that the rest of the server is given.
 *
 *  - The written default of each setting is in its section's file, once; documents, JSON Schema and sample derive from it.
 *  - What is written is snake_case with units ("30s", "8MiB"); what comes out is camelCase with the unit in the name (ms, bytes).
 */

import type { BudgetSpec, Price } from "../model/budget-spec.ts";
import type { PolicySpec } from "../model/policy-spec.ts";
import { type AdminConfig, adminSection } from "./admin.ts";
import { type AdmissionConfig, admissionSection } from "./admission.ts";
import { budgetsSection, pricesSection } from "./budgets.ts";
import { type DetectionConfig, detectionSection } from "./detection.ts";
import { type EventsConfig, eventsSection } from "./events.ts";
import { type ForwardAuthConfig, forwardAuthSection } from "./forward-auth.ts";
import { type GatewayConfig, gatewaySection } from "./gateway.ts";
import { type IdentitiesConfig, identitiesSection } from "./identities.ts";
import { type LimitsConfig, limitsSection } from "./limits.ts";
import type { NetworksConfig } from "./networks.ts";
import { policySection } from "./policy.ts";
import { type ConfiguredRole, rolesSection } from "./roles.ts";
import { type UpstreamConfig, type UpstreamEntry, upstreamSection, upstreamsSection } from "./upstreams.ts";
import { type UsageConfig, usageSection } from "./usage.ts";
import { section } from "./values/section.ts";
import { type WedgeConfig, wedgeSection } from "./wedge.ts";

/** With the names of the files that hold further networks. */
export interface ConfiguredPolicy extends PolicySpec {
	readonly networks: NetworksConfig;
	readonly roles: Readonly<Record<string, ConfiguredRole>>;
}

export interface Config {
	readonly gateway: GatewayConfig;
	readonly admin: AdminConfig;
	readonly forwardAuth: ForwardAuthConfig;
	readonly identities: IdentitiesConfig;
	readonly upstreams: readonly UpstreamEntry[];
	readonly upstream: UpstreamConfig;
	readonly limits: LimitsConfig;
	readonly admission: AdmissionConfig;
	readonly budgets: readonly BudgetSpec[];
	/** By glob over model names. */
	readonly prices: readonly (readonly [models: string, price: Price])[];
	readonly wedge: WedgeConfig;
	/** `roles` holds the operator's own roles alone; `networks` are the gateway's. */
	readonly policy: ConfiguredPolicy;
	readonly events: EventsConfig;
	readonly usage: UsageConfig;
	readonly detection: DetectionConfig;
}

export const configSchema = section({
	gateway: gatewaySection.prefault({}).meta({ description: "The listener that callers use." }),
	admin: adminSection.prefault({}).meta({ description: "The listener that operators use." }),
	forward_auth: forwardAuthSection.prefault({}).meta({
		description: "The listener where another proxy asks whether a request may pass. Off by default.",
	}),
	identities: identitiesSection.prefault({}).meta({ description: "How callers prove who they are, besides keys." }),
	upstreams: upstreamsSection
		.prefault([{ name: "local", url: "http://127.0.0.1:11434" }])
		.meta({ description: "The Ollama servers behind the gateway." }),
	upstream: upstreamSection.prefault({}).meta({ description: "How upstreams are connected to, watched and waited for." }),
	limits: limitsSection.prefault({}).meta({ description: "What a caller may take, whoever it is." }),
	admission: admissionSection.prefault({}).meta({ description: "How much runs at once, how much waits, and how fast requests may come." }),
	budgets: budgetsSection.prefault({}).meta({
		description: "How much may be used in a time, by name; see docs/budgets.md. The tightest budget that concerns a request holds.",
		example: { "daily-tokens": { scope: "key", unit: "tokens", limit: 200_000, per: "day", on_exhausted: "cut" } },
	}),
	prices: pricesSection.prefault({}).meta({
		description: "What models cost, for budgets of money: by pattern, the first that matches. Other models cost nothing.",
		example: { "*": { input: 0.15, output: 0.6 } },
	}),
	wedge: wedgeSection.prefault({}).meta({ description: "Runners that take requests and answer none: how they are recognised and healed." }),
	roles: rolesSection.prefault({}).meta({
		description: "Roles besides the built-in ones, by name. A built-in role that is defined here is replaced whole.",
		example: { research: { classes: ["probe", "read", "infer"], models: { allow: ["qwen3:*", "llama3.2:*"] } } },
	}),
	policy: policySection.prefault({}).meta({ description: "What holds for every role." }),
	events: eventsSection.prefault({}).meta({ description: "The record of what happened." }),
	usage: usageSection.prefault({}).meta({ description: "What was used, counted from the record: rempart usage." }),
	detection: detectionSection.prefault({}).meta({ description: "Principals that do what they never did." }),
}).transform(
	({ roles, policy, forward_auth, ...sections }): Config => ({
		...sections,
		forwardAuth: forward_auth,
		policy: { networks: sections.gateway.networks, roles, ...policy },
	}),
);
