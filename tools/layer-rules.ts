/** The layer table as rules of dependency-cruiser. Every rule's comment says what to do instead, for that is what is read when it fires. */
import type { IRegularForbiddenRuleType } from "dependency-cruiser";

import type { Layer } from "./layers.ts";

export interface LayerRule extends IRegularForbiddenRuleType {
	name: string;
	comment: string;
}

const TESTS = "\\.test\\.ts$";
const CORE: LayerRule["to"] = { dependencyTypes: ["core"] };

export function layerRules(layers: Readonly<Record<string, Layer>>): readonly LayerRule[] {
	return [
		...Object.entries(layers).flatMap(([name, layer]) => [importsOf(name, layer), packagesOf(name, layer)]),
		...nodeRules(layers),
		...SHAPE_RULES,
	];
}

function importsOf(name: string, { mayImport }: Layer): LayerRule {
	const allowed = [name, ...mayImport].join("|");
	const instead = mayImport.length === 0 ? "it imports nothing of ours" : `it may import ${mayImport.join(", ")}`;
	return rule(`layer-${name}`, `${name}: ${instead}. Take what you need as a parameter, or move the code to the layer that may.`, {
		from: { path: `^src/${name}/`, pathNot: TESTS },
		to: { path: "^src/", pathNot: `^src/(${allowed})/` },
	});
}

function packagesOf(name: string, { packages = [] }: Layer): LayerRule {
	const instead = packages.length === 0 ? "no package is used here" : `only ${packages.join(", ")} may be used here`;
	const allowed = packages.length === 0 ? {} : { pathNot: `(^|node_modules/)(${packages.join("|")})(/|$)` };
	return rule(`packages-${name}`, `${name}: ${instead}. A dependency has one home (tools/layers.ts) and a decision record.`, {
		from: { path: `^src/${name}/`, pathNot: TESTS },
		to: { dependencyTypesNot: ["local", "core"], ...allowed },
	});
}

/** Which modules of Node belong where. */
function nodeRules(layers: Readonly<Record<string, Layer>>): readonly LayerRule[] {
	const pure = Object.entries(layers)
		.filter(([, { tier }]) => tier === "pure")
		.map(([name]) => name);
	const silent = ["model", "ports"];
	const calculating = pure.filter((name) => !silent.includes(name) && name !== "std");
	return [
		rule("nouns-touch-nothing", "model and ports hold types and tables: no module of Node at all. Take what you need as a value.", {
			from: { path: `^src/(${silent.join("|")})/`, pathNot: TESTS },
			to: CORE,
		}),
		rule("pure-has-no-effects", "Pure folders may use node:buffer and nothing else of Node. Let the caller read, and pass what it read.", {
			from: { path: `^src/(${calculating.join("|")})/`, pathNot: TESTS },
			to: { ...CORE, pathNot: "^(node:)?buffer$" },
		}),
		rule("std-has-no-effects", "std may use node:buffer and node:util. What needs more belongs to a folder with effects.", {
			from: { path: "^src/std/", pathNot: TESTS },
			to: { ...CORE, pathNot: "^(node:)?(buffer|util)$" },
		}),
		rule("sql-lives-in-stores", "Only src/stores opens a database. Add a method to a port and implement it there.", {
			from: { path: "^src/", pathNot: `^src/stores/|${TESTS}` },
			to: { ...CORE, path: "^(node:)?sqlite$" },
		}),
		rule(
			"sockets-live-at-the-edge",
			"Sockets belong to http, demo, admin and cli. To tell an address from a name, use src/std/ip-address.ts.",
			{
				from: { path: "^src/", pathNot: `^src/(http|demo|admin|cli)/|${TESTS}` },
				to: { ...CORE, path: "^(node:)?(net|tls|https?|http2|dgram|dns(/promises)?)$" },
			},
		),
		rule(
			"surfaces-keep-no-files",
			"The gateway keeps no files. Files of state belong to stores, certificates to http; reach them by a port.",
			{
				from: { path: "^src/(gateway|forward-auth)/", pathNot: TESTS },
				to: { ...CORE, path: "^(node:)?fs(/promises)?$" },
			},
		),
		rule("no-child-processes", "Nothing starts a process. When the host is to be watched or hardened, one folder will own that.", {
			from: { path: "^src/", pathNot: TESTS },
			to: { ...CORE, path: "^(node:)?(child_process|cluster)$" },
		}),
	];
}

const SHAPE_RULES: readonly LayerRule[] = [
	rule("no-cycles", "Two files that import each other are one idea in two places. Move what both need into a third.", {
		from: { path: "^src/" },
		to: { circular: true },
	}),
	rule("ports-are-types", "A port is an interface. Use `import type`, and move code that runs to the folder that implements the port.", {
		from: { path: "^src/", pathNot: TESTS },
		to: { path: "^src/ports/", dependencyTypesNot: ["type-only"] },
	}),
	rule("stages-are-strangers", "Stages meet in gateway/pipeline.ts alone. Pass what one found to the next through the exchange.", {
		from: { path: "^src/gateway/stages/([^/]+)\\.ts$", pathNot: TESTS },
		to: { path: "^src/gateway/stages/", pathNot: "^src/gateway/stages/$1(\\.ts|/)" },
	}),
	rule(
		"forward-auth-forwards-nothing",
		"Forward auth borrows what decides from the gateway, and nothing that admits, forwards or relays: what follows the answer is the proxy's.",
		{
			from: { path: "^src/forward-auth/", pathNot: TESTS },
			to: { path: "^src/gateway/(pipeline|relay|upstream|stages/(admit|forward))" },
		},
	),
	rule("source-knows-no-tests", "What ships does not import tests, their support, benchmarks or tools. Move what both need into src.", {
		from: { path: "^src/", pathNot: TESTS },
		to: { path: `^(test|bench|tools)/|${TESTS}` },
	}),
	rule(
		"main-starts-the-command-line",
		"src holds folders and main.ts, which starts src/cli and does nothing else. Give other files a folder.",
		{
			from: { path: "^src/[^/]+\\.ts$", pathNot: TESTS },
			to: { path: "^src/", pathNot: "^src/cli/" },
		},
	),
];

function rule(name: string, comment: string, where: Pick<LayerRule, "from" | "to">): LayerRule {
	return { name, comment, severity: "error", ...where };
}
