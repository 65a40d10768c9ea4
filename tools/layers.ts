/**
 * Who may import whom, as data, and the check that it is so: `npm run layers`.
 *
 *  - Imports run one way, from what decides to what acts: pure folders at the bottom, effects above them, composition on top.
 *  - Type-only imports count: whoever names another folder's types depends on its words.
 *  - Pure folders see no clock, randomness, environment, file or socket, by import (here) or by global (`pure-globals.ts`).
 *  - Tests are exempt: they may build what they test from anywhere.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { cruise, type ICruiseResult } from "dependency-cruiser";

import { layerRules } from "./layer-rules.ts";
import { impureGlobals } from "./pure-globals.ts";

export interface Layer {
	/** pure: values in, values out · effect: touches the world · surface: speaks to callers · root: puts everything together. */
	readonly tier: "pure" | "effect" | "surface" | "root";
	/** Folders of src, besides itself. */
	readonly mayImport: readonly string[];
	/** Packages of package.json that live here. */
	readonly packages?: readonly string[];
	readonly holds: string;
}

export const LAYERS: Readonly<Record<string, Layer>> = {
	std: { tier: "pure", mayImport: [], holds: "what we wish the standard library had" },
	model: { tier: "pure", mayImport: ["std"], holds: "the nouns, and the tables of reasons, faults and events" },
	ports: { tier: "pure", mayImport: ["std", "model"], holds: "interfaces that effects implement; types only" },
	wire: { tier: "pure", mayImport: ["std", "model"], holds: "strict HTTP/1.1 as a function of bytes and state" },
	config: {
		tier: "pure",
		mayImport: ["std", "model"],
		packages: ["zod", "yaml"],
		holds: "text to typed configuration, or all its mistakes",
	},
	ollama: { tier: "pure", mayImport: ["std", "model"], holds: "all that is known of Ollama's API" },
	"virtual-patches": { tier: "pure", mayImport: ["std", "model", "ollama"], holds: "known attacks on Ollama, one predicate a file" },
	policy: { tier: "pure", mayImport: ["std", "model", "ollama", "virtual-patches"], holds: "principal and request to decision" },
	quota: { tier: "pure", mayImport: ["std", "model", "ports"], holds: "arithmetic of rate, concurrency and the fair queue" },
	usage: {
		tier: "pure",
		mayImport: ["std", "model", "ports"],
		holds: "counting what was used, from the record: lines to rows, rows to reports",
	},
	detect: { tier: "pure", mayImport: ["std", "model", "ports"], holds: "what events say about callers: folds of state, event by event" },
	keys: { tier: "effect", mayImport: ["std", "model", "ports"], holds: "making, checking and administering API keys" },
	passwords: {
		tier: "effect",
		mayImport: ["std", "model", "ports", "quota"],
		packages: ["bcryptjs"],
		holds: "htpasswd files, slow hashes on threads of their own, and wrong passwords counted",
	},
	tokens: {
		tier: "effect",
		mayImport: ["std", "model", "ports"],
		packages: ["jose"],
		holds: "access tokens of identity providers: keys fetched, signatures verified, claims judged, rules applied",
	},
	"sign-in": {
		tier: "effect",
		mayImport: ["std", "model", "tokens"],
		packages: ["openid-client"],
		holds: "people who administer: the provider's answer, their roles, their sessions",
	},
	stores: { tier: "effect", mayImport: ["std", "model", "ports", "usage"], holds: "SQLite behind the ports; sole owner of files of state" },
	http: {
		tier: "effect",
		mayImport: ["std", "model", "ports", "wire"],
		packages: ["@peculiar/x509", "asn1js", "pkijs", "reflect-metadata"],
		holds: "listeners, TLS and upstream connections",
	},
	// Not even `ollama`: a demonstration server that shared our reading of the API would agree with our mistakes.
	demo: { tier: "effect", mayImport: ["std"], holds: "a stand-in for Ollama" },
	gateway: {
		tier: "surface",
		mayImport: ["std", "model", "ports", "wire", "ollama", "virtual-patches", "policy", "quota", "http"],
		holds: "the data plane: the order of stages, and the stages",
	},
	"forward-auth": {
		tier: "surface",
		mayImport: ["std", "model", "wire", "ollama", "policy", "quota", "http", "gateway"],
		holds: "the decision for somebody else's proxy: identify and authorize without the rest",
	},
	admin: {
		tier: "surface",
		mayImport: ["std", "model", "ports", "usage", "keys", "sign-in"],
		packages: ["hono", "@hono/node-server", "prom-client", "zod"],
		holds: "admin API, metrics and health",
	},
	app: {
		tier: "root",
		mayImport: [
			"std",
			"model",
			"ports",
			"wire",
			"config",
			"ollama",
			"virtual-patches",
			"policy",
			"quota",
			"usage",
			"detect",
			"keys",
			"passwords",
			"tokens",
			"sign-in",
			"stores",
			"http",
			"demo",
			"gateway",
			"forward-auth",
			"admin",
		],
		holds: "composition, lifecycle, reload",
	},
	cli: {
		tier: "root",
		mayImport: ["std", "model", "ports", "config", "policy", "usage", "keys", "passwords", "tokens", "stores", "http", "admin", "app"],
		packages: ["commander"],
		holds: "verbs, terminal, exit codes",
	},
};

export interface LayerViolation {
	readonly rule: string;
	readonly from: string;
	readonly to: string;
	/** What to do instead. */
	readonly advice: string;
}

/** Checks the tree under `root`/src. An empty answer is a clean tree. */
export async function layerViolations(root: string): Promise<readonly LayerViolation[]> {
	const rules = layerRules(LAYERS);
	const { output } = await cruise(["src"], {
		baseDir: root,
		validate: true,
		ruleSet: { forbidden: [...rules] },
		tsPreCompilationDeps: "specify",
		doNotFollow: { path: "node_modules" },
	});
	if (typeof output === "string") throw new Error(output);
	return [...unlistedFolders(root), ...broken(output, new Map(rules.map(({ name, comment }) => [name, comment]))), ...globalsOf(root)];
}

function broken({ summary }: ICruiseResult, advice: ReadonlyMap<string, string>): readonly LayerViolation[] {
	return summary.violations.map(({ rule, from, to, cycle }) => ({
		rule: rule.name,
		from,
		to: cycle === undefined ? to : cycle.map(({ name }) => name).join(" → "),
		advice: advice.get(rule.name) ?? "",
	}));
}

/** A folder that the table does not know would be checked by nothing. */
function unlistedFolders(root: string): readonly LayerViolation[] {
	const folders = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
	const advice = "add the folder to LAYERS in tools/layers.ts, with the fewest imports that it can do with";
	return folders
		.filter(({ name }) => !Object.hasOwn(LAYERS, name))
		.map(({ name }) => ({ rule: "unlisted-folder", from: `src/${name}`, to: "", advice }));
}

function globalsOf(root: string): readonly LayerViolation[] {
	const pure = Object.entries(LAYERS).filter(([name, { tier }]) => tier === "pure" && existsSync(join(root, "src", name)));
	return pure.flatMap(([name]) =>
		readdirSync(join(root, "src", name), { recursive: true, encoding: "utf8" })
			.filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
			.flatMap((file) => impureGlobals(join(root, "src", name, file)))
			.map(({ file, line, global }) => ({
				rule: "pure-globals",
				from: `${file.slice(root.length + 1)}:${line}`,
				to: global,
				advice: "take time, randomness and the environment as parameters; effects belong to the folders that have them",
			})),
	);
}

if (import.meta.main) {
	const violations = await layerViolations(fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, ""));
	for (const { rule, from, to, advice } of violations) console.error(`error: ${from} → ${to} (${rule})\nhint: ${advice}`);
	console.log(
		violations.length === 0 ? `${Object.keys(LAYERS).length} layers, no import against the table` : `${violations.length} violations`,
	);
	process.exitCode = violations.length === 0 ? 0 : 1;
}
