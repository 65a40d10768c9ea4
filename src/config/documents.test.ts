/** Schema, reference, sample and `config explain` say what the parser does. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { explainSetting } from "./explain.ts";
import { configJsonSchema } from "./json-schema.ts";
import { parseConfig } from "./parse.ts";
import { configReference } from "./reference.ts";
import { sampleConfig } from "./sample.ts";
import { listSettings, type Setting } from "./settings.ts";

const DEFAULTS = parseConfig("", "f");
const settings = listSettings();

test("every setting has a description that ends like a sentence, and so has every risk", () => {
	const lacking = settings.filter(
		({ description, risk }) => !/^[A-Z0-9].*[.]$/s.test(description) || (risk !== null && !/^[A-Z0-9].*[.]$/s.test(risk)),
	);
	assert.deepEqual(
		lacking.map(({ path }) => path),
		[],
	);
});

test("every setting has a default, an example, or is a section", () => {
	const lacking = settings.filter((setting) => setting.default === undefined && setting.example === undefined);
	assert.deepEqual(
		lacking.map(({ path }) => path),
		[],
	);
});

test("every setting that takes a protection away says what then happens", () => {
	assert.deepEqual(
		settings.filter(({ path, risk }) => path.includes("insecure_") && risk === null),
		[],
	);
});

/** Empty by default, which is right only where nobody signs in. */
const NEEDED_WITH_OTHERS = "admin.sign_in.rules";

for (const setting of settings.filter(
	({ path, ...one }) => one.default !== undefined && !path.includes("[]") && path !== NEEDED_WITH_OTHERS,
)) {
	test(`the documented default of ${setting.path} is the default`, () => {
		const without = parseConfig(JSON.stringify(needsOf(setting)), "f");
		const written = parseConfig(JSON.stringify(fileWith(setting, setting.default)), "f");
		assert.ok("config" in written, JSON.stringify(written));
		assert.deepEqual(written, without);
	});
}

for (const setting of settings.filter(
	({ path, example }) =>
		example !== undefined &&
		!/\[\]|htpasswd\.(groups|roles|group_roles)|certificates\.(authorities|with_key)|tls\.(certificate|key)|forward_auth\.listen/.test(
			path,
		),
)) {
	test(`the example of ${setting.path} is accepted`, () => {
		const written = parseConfig(JSON.stringify(fileWith(setting, setting.example)), "f");
		assert.ok("config" in written, JSON.stringify(written));
	});
}

test("the sample means the defaults as it is, and with every setting taken out of its comment", () => {
	const sample = sampleConfig();
	const active = sample.replaceAll(/^#(?![# ]\S|#)(.*)$/gm, "$1");
	assert.notEqual(active, sample);
	assert.match(active, /^ {4}mode: local-ca$/m);
	assert.deepEqual(parseConfig(sample, "f"), DEFAULTS);
	assert.deepEqual(parseConfig(active, "f"), DEFAULTS);
});

test("the sample shows every setting that is not an entry of a list or mapping", () => {
	const sample = sampleConfig();
	const missing = settings.filter(
		({ path }) => !/[[<]/.test(path) && !new RegExp(`^#+ *(Example: )?${path.split(".").at(-1)}:`, "m").test(sample),
	);
	assert.deepEqual(
		missing.map(({ path }) => path),
		[],
	);
});

test("the reference has one row for every setting", () => {
	const reference = configReference();
	const rows = new Set([...reference.matchAll(/^\| `([^`]+)` \|/gm)].map(([, path]) => path));
	const expected = settings.filter(({ path, type }) => type !== "section" && /[.[]/.test(path)).map(({ path }) => path);
	assert.deepEqual([...rows], expected);
	for (const row of reference.matchAll(/^\| `.*$/gm)) assert.equal(row[0].replaceAll("\\|", "").split("|").length, 6, row[0]);
});

test("the JSON Schema is closed, names its draft and identity, and keeps annotations", () => {
	const schema = configJsonSchema();
	assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
	assert.equal(schema.$id, "urn:rempart:config");
	assert.equal(schema.additionalProperties, false);
	const text = JSON.stringify(schema);
	assert.match(text, /"default":"0\.0\.0\.0:11435"/);
	assert.match(text, /"risk":/);
	assert.match(text, /"examples":/);
	assert.doesNotMatch(text, /"example":/);
});

test("the JSON Schema's patterns accept what the documents show", () => {
	let checked = 0;
	JSON.stringify(configJsonSchema(), (_, node: unknown) => {
		if (typeof node !== "object" || node === null || !("pattern" in node)) return node;
		const shown: readonly unknown[] = [
			"default" in node ? node.default : undefined,
			...("examples" in node && Array.isArray(node.examples) ? node.examples : []),
		];
		for (const value of shown.filter((one) => typeof one === "string")) {
			assert.match(value, new RegExp(String(node.pattern), "u"));
			checked += 1;
		}
		return node;
	});
	assert.ok(checked > 20);
});

const explained: readonly (readonly [asked: string, path: string])[] = [
	["limits.body", "limits.body"],
	["gateway.tls", "gateway.tls"],
	["roles.research.models.allow", "roles.<name>.models.allow"],
	["roles.<name>.uploads", "roles.<name>.uploads"],
	["upstreams[0].url", "upstreams[].url"],
	["upstreams.1.name", "upstreams[].name"],
];
for (const [asked, path] of explained) {
	test(`explains ${asked}`, () => {
		const answer = explainSetting(asked);
		assert.ok("path" in answer, JSON.stringify(answer));
		assert.equal(answer.path, path);
	});
}

const suggested: readonly (readonly [asked: string, suggestion: string])[] = [
	["limts.body", "did you mean limits.body?"],
	["body", "did you mean limits.body?"],
	["gateway.lisen", "did you mean gateway.listen?"],
	["health_intervall", "did you mean upstream.health_interval?"],
	[
		"",
		"sections: gateway, admin, forward_auth, identities, upstreams, upstream, limits, admission, budgets, prices, wedge, roles, policy, events, usage, detection",
	],
	[
		"xyzzy.plugh",
		"sections: gateway, admin, forward_auth, identities, upstreams, upstream, limits, admission, budgets, prices, wedge, roles, policy, events, usage, detection",
	],
];
for (const [asked, suggestion] of suggested) {
	test(`suggests for "${asked}"`, () => assert.deepEqual(explainSetting(asked), { suggestion }));
}

/** A file that sets one setting, and what cannot be left out around it. */
function fileWith({ path }: Setting, value: unknown): unknown {
	const keys = path.replace("<name>", "lab").split(".");
	const set = keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
	return merged(needsOf({ path }), set);
}

/** What else a file says where the setting stands: the parts of its entry, or of its section, that have no default. */
function needsOf({ path }: Pick<Setting, "path">): object {
	if (path.startsWith("roles.<name>")) return { roles: { lab: { classes: [] } } };
	if (path.startsWith("budgets.<name>")) return { budgets: { lab: { unit: "tokens", limit: 10, per: "day" } } };
	if (path.startsWith("prices.<name>")) return { prices: { lab: {} } };
	if (path.startsWith("admin.sign_in.")) return { admin: { sign_in: SIGN_IN } };
	return {};
}

const SIGN_IN = {
	issuer: "https://sso.example.org",
	client_id: "rempart",
	public_url: "http://127.0.0.1:11436",
	rules: [{ claim: "groups", matches: "gpu-admins", role: "admin" }],
};

function merged(below: unknown, above: unknown): unknown {
	if (!isMapping(below) || !isMapping(above)) return above;
	const both = Object.keys({ ...below, ...above });
	return Object.fromEntries(both.map((key) => [key, key in above ? merged(below[key], above[key]) : below[key]]));
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
