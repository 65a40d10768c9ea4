/** Guards the guard: a rule that reports nothing looks the same as a tree that obeys it. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

import { layerRules } from "./layer-rules.ts";
import { LAYERS, layerViolations } from "./layers.ts";

type Files = Readonly<Record<string, string>>;

/** One violation for each rule that is not made from the table. */
const VIOLATIONS: Readonly<Record<string, Files>> = {
	"nouns-touch-nothing": { "src/model/clock.ts": 'import "node:timers";' },
	"pure-has-no-effects": { "src/policy/reads.ts": 'import "node:fs";' },
	"std-has-no-effects": { "src/std/hosts.ts": 'import "node:os";' },
	"sql-lives-in-stores": { "src/keys/table.ts": 'import "node:sqlite";' },
	"sockets-live-at-the-edge": { "src/app/dial.ts": 'import type { Socket } from "node:net"; export type S = Socket;' },
	"surfaces-keep-no-files": { "src/gateway/spool.ts": 'import "node:fs/promises";' },
	"no-child-processes": { "src/stores/spawn.ts": 'import "node:child_process";' },
	"no-cycles": {
		"src/quota/one.ts": 'import type { Two } from "./two.ts"; export type One = Two;',
		"src/quota/two.ts": 'import type { One } from "./one.ts"; export type Two = One;',
	},
	"ports-are-types": { "src/stores/runs-a-port.ts": 'import { port } from "../ports/port.ts"; port();' },
	"stages-are-strangers": { "src/gateway/stages/identify.ts": 'import "./authorize.ts";', "src/gateway/stages/authorize.ts": "" },
	"forward-auth-forwards-nothing": { "src/forward-auth/sends.ts": 'import "../gateway/relay.ts";', "src/gateway/relay.ts": "" },
	"source-knows-no-tests": { "src/app/fakes.ts": 'import "../../test/support/fake.ts";', "test/support/fake.ts": "" },
	"main-starts-the-command-line": { "src/main.ts": 'import "./app/marker.ts"; import "./cli/marker.ts";' },
	"unlisted-folder": { "src/utils/a.ts": "" },
	"pure-globals": { "src/wire/clock.ts": "export const a = 1;\nexport const now = () => Date.now();" },
};

/** What obeys every rule, and looks as though it did not. */
const HONEST: Files = {
	"src/ports/port.ts": 'import type { Noun } from "../model/noun.ts"; export const port = (): Noun => 1;',
	"src/model/noun.ts": "export type Noun = number;",
	"src/stores/implements-a-port.ts": 'import type { port } from "../ports/port.ts"; import "node:sqlite"; export type P = typeof port;',
	"src/http/listener.ts": 'import "node:net"; import "node:tls"; import "../wire/marker.ts"; import "reflect-metadata";',
	"src/config/schema.ts": 'import "zod"; import type { Noun } from "../model/noun.ts"; export type N = Noun;',
	"src/policy/bytes.ts": 'import { Buffer } from "node:buffer"; export const b = Buffer.alloc(0);',
	"src/policy/reads.test.ts": 'import "node:fs"; import "../app/marker.ts"; import "../../test/support/fake.ts"; Date.now();',
	"src/wire/dates.ts":
		'// Date.now() here is a word\nexport const at = new Date(0); export const named = { process: "setTimeout" }.process; export type F = typeof fetch;',
	"src/gateway/pipeline.ts": 'import "./stages/identify.ts"; import "./stages/authorize.ts";',
	"src/gateway/stages/lonely.ts": 'import "./lonely/part.ts";',
	"src/gateway/stages/lonely/part.ts": "",
};

const rules = layerRules(LAYERS);
const root = realpathSync(mkdtempSync(join(tmpdir(), "rempart-layers-")));
after(() => rmSync(root, { recursive: true }));

write({ "package.json": '{"type":"module","dependencies":{"zod":"1","reflect-metadata":"1","left-pad":"1"}}' });
for (const name of ["zod", "reflect-metadata", "left-pad"])
	write({ [`node_modules/${name}/package.json`]: `{"name":"${name}","main":"i.js"}`, [`node_modules/${name}/i.js`]: "" });
for (const [name, { mayImport }] of Object.entries(LAYERS)) {
	const forbidden = Object.keys(LAYERS).find((other) => other !== name && !mayImport.includes(other) && other !== "ports");
	write({
		[`src/${name}/marker.ts`]: "",
		[`src/${name}/against-the-table.ts`]: `import "../${forbidden}/marker.ts";`,
		[`src/${name}/against-the-packages.ts`]: 'import type { x } from "left-pad"; export type X = typeof x;',
	});
}
for (const files of [...Object.values(VIOLATIONS), HONEST]) write(files);
const violations = await layerViolations(root);

for (const rule of [...rules.map(({ name }) => name), "unlisted-folder", "pure-globals"]) {
	test(`${rule} reports its violation`, () => {
		const [, kind = "", folder = ""] = /^(layer|packages)-(.*)$/.exec(rule) ?? [];
		const from =
			kind === "" ? Object.keys(VIOLATIONS[rule] ?? {})[0] : `src/${folder}/against-the-${kind === "layer" ? "table" : "packages"}.ts`;
		const reported = violations.filter((violation) => violation.rule === rule);
		assert.ok(from !== undefined, "a rule without a fixture");
		assert.ok(
			reported.some((violation) => from.startsWith(violation.from.replace(/:\d+$/, ""))),
			`${from} is not among ${JSON.stringify(reported)}`,
		);
		assert.ok(reported.every(({ advice }) => advice.length > 20));
	});
}

test("what obeys the rules is not reported", () => {
	const honest = new Set(Object.keys(HONEST));
	assert.deepEqual(
		violations.filter(({ from }) => honest.has(from.replace(/:\d+$/, ""))),
		[],
	);
});

test("a global is reported with its line", () => {
	assert.deepEqual(
		violations.filter(({ rule }) => rule === "pure-globals").map(({ from, to }) => [from, to]),
		[["src/wire/clock.ts:2", "Date.now"]],
	);
});

test("the table and the folders of src are the same", () => {
	const folders = readdirSync(new URL("../src", import.meta.url), { withFileTypes: true }).filter((entry) => entry.isDirectory());
	assert.deepEqual(folders.map(({ name }) => name).toSorted(), Object.keys(LAYERS).toSorted());
});

test("imports run one way: no layer may import one that may import it", () => {
	const reaches = (from: string, to: string): boolean => LAYERS[from]?.mayImport.some((next) => next === to || reaches(next, to)) ?? false;
	assert.deepEqual(
		Object.keys(LAYERS).filter((name) => reaches(name, name)),
		[],
	);
});

test("every rule has a name of its own", () => assert.equal(new Set(rules.map(({ name }) => name)).size, rules.length));

function write(files: Files): void {
	for (const [path, text] of Object.entries(files)) {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), text);
	}
}
