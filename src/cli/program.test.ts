/** Transcripts: what is typed, what is answered, on which stream, with which code. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { folder, rempart } from "../../test/support/cli.ts";

const wrong: readonly (readonly [words: string, error: RegExp, hint: RegExp])[] = [
	["keyy", /unknown command 'keyy'/, /did you mean key\?/],
	["key lst", /unknown command 'lst'/, /did you mean list\?.*rempart key --help/],
	["key list --jsn", /unknown option '--jsn'/, /did you mean --json\?/],
	["key list extra", /too many arguments/, /rempart key list --help/],
	["key show", /missing required argument 'id'/, /rempart key show --help/],
	["key create --role user", /required option '--name <name>' not specified/, /rempart key create --help/],
	["key create --name a --role user --expires 30", /--expires: "30" has no unit/, /30d/],
	["key rotate abcdefgh --overlap 1y", /--overlap/, /unit/],
	["events --type nonsense", /--type: "nonsense" is not a type of event/, /request-started/],
	["events --limit 0", /--limit/, /--limit 50/],
	["events --since tomorrow", /--since/, /unit/],
	["events verfy", /too many arguments|unknown command/, /./],
	["policy explain GET /api/tags", /one of --key and --role/, /--role user/],
	["policy explain --role user --key abcdefgh GET /", /one of --key and --role/, /./],
	["policy explain --role wizard GET /api/tags", /no role "wizard"/, /reader/],
	["config explain limits.bdy", /there is no setting "limits\.bdy"/, /limits\.body/],
	["config check --config /nonexistent.yaml", /cannot be read: ENOENT/, /--config/],
	["key list", /there is no state/, /rempart up/],
	["events", /there is no state/, /rempart up/],
	["events verify", /there is no event log/, /--state/],
];

for (const [words, error, hint] of wrong) {
	test(`rempart ${words}: an error, a hint, code 2`, async (t) => {
		const state = join(await folder(t), "absent");
		const { code, out, err } = await rempart([...words.split(" "), "--state", state]);
		assert.equal(code, 2);
		assert.equal(out, "");
		const [first = "", second = ""] = err.split("\n");
		assert.match(first, /^error: [^A-Z].*[^.]$/);
		assert.match(first, error);
		assert.match(second, /^hint: /);
		assert.match(second, hint);
	});
}

for (const flags of [["--insecure-http-parser"], ["--tls-min-v1.0"]]) {
	for (const verb of ["up", "serve"]) {
		test(`${verb} refuses to start with ${flags.join(" ")}`, async (t) => {
			const { code, err } = await rempart([verb, "--state", join(await folder(t), "absent")], { execArgv: flags });
			assert.equal(code, 2);
			assert.match(err, /^error: will not start with --/);
		});
	}
}

test("serve with a wrong configuration says everything that is wrong, with line, column and source, and does not start", async (t) => {
	const file = join(await folder(t), "rempart.yaml");
	await writeFile(file, "gateway:\n  listne: 0.0.0.0:1\nlimits:\n  body: 12\n");
	for (const words of [["serve"], ["config", "check"]]) {
		const { code, out, err } = await rempart([...words, "--config", file]);
		assert.equal(code, 2);
		assert.equal(out, "");
		assert.match(
			err,
			/error: .*rempart\.yaml:2:3: gateway\.listne: .*\n 2 \| {3}listne: 0\.0\.0\.0:1\n +\^\nhint: did you mean gateway\.listen\?/,
		);
		assert.match(err, /rempart\.yaml:4:9: limits\.body: /);
	}
});

test("a variable that is wrong names itself", async () => {
	const { code, err } = await rempart(["config", "check"], { environment: { REMPART_LISTEN: "localhost:1" } });
	assert.equal(code, 2);
	assert.match(err, /REMPART_LISTEN/);
});

test("config check warns of what is weak in a file of users, and refuses one that a server would not start with", async (t) => {
	const directory = await folder(t);
	const [users, file] = [join(directory, "users"), join(directory, "rempart.yaml")];
	await writeFile(file, `identities: { htpasswd: { file: "${users}" } }\n`);
	await writeFile(users, "alice:{PLAIN}hunter2\n", { mode: 0o600 });
	const weak = await rempart(["config", "check", "--config", file]);
	assert.equal(weak.code, 0);
	assert.match(weak.err, /warning: identities.htpasswd: alice: the password stands there in plain text/);
	await writeFile(users, "alice:hunter2\n");
	const refused = await rempart(["config", "check", "--config", file]);
	assert.equal(refused.code, 2);
	assert.match(refused.err, /error: .*line 1: alice: it names no kind of hash[^]*hint: .*htpasswd -B/);
	assert.ok(!`${weak.err}${weak.out}${refused.err}${refused.out}`.includes("hunter2"));
});

test("config check refuses whatever a server would not start with, though it reads well", async (t) => {
	const directory = await folder(t);
	const file = join(directory, "rempart.yaml");
	const issuer = 'issuer: "https://sso.example.org", audiences: [gpu]';
	const people = "issuer: https://id.example.org, client_id: a, public_url: https://b.example.org";
	for (const [yaml, said] of [
		[
			"gateway: { socket: /run/rempart.sock }\nidentities: { proxy: { field: remote-user, role: usr } }",
			/identities\.proxy: there is no role usr/,
		],
		["identities: { certificates: { ask: true, with_key: [usr] } }", /identities\.certificates: there is no role usr/],
		[
			`identities: { tokens: [{ ${issuer}, rules: [{ claim: a, values: [b], role: usr }] }] }`,
			/identities\.tokens\[0\]: there is no role usr/,
		],
		[
			"identities: { certificates: { ask: true, authorities: /nonexistent.pem, rules: [{ field: cn, matches: a, role: user }] } }",
			/authorities .* cannot be read/,
		],
		[
			`admin: { sign_in: { ${people}, client_secret: "file:/nonexistent", rules: [{ claim: a, matches: b, role: viewer }] } }`,
			/admin\.sign_in\.client_secret: \/nonexistent cannot be read/,
		],
	] as const) {
		await writeFile(file, `${yaml}\n`);
		const { code, out, err } = await rempart(["config", "check", "--config", file]);
		assert.deepEqual([code, out], [2, ""], yaml);
		assert.match(err, said);
		assert.match(err, /hint: /);
	}
});

test("config check --json gives one problem a line", async (t) => {
	const file = join(await folder(t), "rempart.yaml");
	await writeFile(file, "a: 1\nb: 2\n");
	const { code, out, err } = await rempart(["config", "check", "--config", file, "--json"]);
	assert.equal(code, 2);
	assert.equal(err, "");
	assert.deepEqual(
		out
			.trim()
			.split("\n")
			.map((line) => Number(/"line":(\d)/.exec(line)?.[1])),
		[1, 2],
	);
});

test("no verb at all shows the usage on standard error, code 2; help that was asked for is a result", async () => {
	for (const words of [[], ["key"]]) {
		const { code, out, err } = await rempart(words);
		assert.deepEqual([code, out], [2, ""]);
		assert.match(err, /^Usage: rempart/);
	}
	for (const words of [["--help"], ["help"], ["key", "create", "--help"]]) {
		const { code, out, err } = await rempart(words);
		assert.deepEqual([code, err], [0, ""]);
		assert.match(out, /^Usage: rempart/);
		for (const everywhere of ["--config", "--state", "--json"])
			assert.ok(out.includes(everywhere), `${words.join(" ")} hides ${everywhere}`);
	}
	assert.match((await rempart(["--version"])).out, /^rempart \d+\.\d+\.\d+\n$/);
});

test("what is not there or denied is code 1", async (t) => {
	const state = join(await folder(t), "state");
	await mkdir(state, { mode: 0o700 });
	const shown = await rempart(["key", "show", "zzzzzzzz", "--state", state]);
	assert.equal(shown.code, 1);
	assert.match(shown.err, /^error: there is no key 'zzzzzzzz'\nhint: /);
	const denied = await rempart(["policy", "explain", "--role", "user", "POST", "/api/pull", '{"model":"x"}', "--state", state]);
	assert.equal(denied.code, 1);
	assert.match(denied.out, /^denied {2}403 class-denied\n/);
	assert.match(denied.out, /refused {2}operation-class/);
	assert.equal(denied.err, "");
});

test("a role is explained without a state, and makes none", async (t) => {
	const state = join(await folder(t), "absent");
	const { code, out } = await rempart(["policy", "explain", "--role", "user", "GET", "/api/tags", "--state", state, "--json"]);
	assert.equal(code, 0);
	assert.match(out, /"permitted":true/);
	const listed = await rempart(["key", "list", "--state", state]);
	assert.match(listed.err, /there is no state/);
});

test("a key's life on the store: its text alone on standard output, and never again", async (t) => {
	const at = ["--state", await folder(t)];
	const created = await rempart([
		"key",
		"create",
		"--name",
		"laptop",
		"--role",
		"user",
		"--models",
		"llama3.2:*, qwen*",
		"--expires",
		"30d",
		...at,
	]);
	assert.equal(created.code, 0);
	assert.match(created.out, /^rmp_live_[0-9a-z]{8}_[0-9A-Za-z]{38}\n$/);
	assert.match(created.err, /name +laptop/);
	const text = created.out.trim();
	const id = text.slice(9, 17);

	const second = await rempart(["key", "create", "--name", "ci", "--role", "user", "--json", ...at]);
	assert.match(second.out, /^\{"id":"[0-9a-z]{8}","key":"rmp_live_[^"]+","name":"ci","role":"user",/);
	assert.equal(second.err, "");

	const others = [
		await rempart(["key", "list", ...at]),
		await rempart(["key", "list", "--json", ...at]),
		// A whole key in an id's place: only its id goes further.
		await rempart(["key", "show", text, ...at]),
		await rempart(["policy", "explain", "--key", text, "GET", "/api/tags", ...at]),
		await rempart(["key", "revoke", id, ...at]),
		await rempart(["events", ...at]),
		await rempart(["events", "verify", ...at]),
		await rempart(["events", "--json", "--type", "key-revoked", ...at]),
	];
	for (const { code, out, err } of others) {
		assert.equal(code, 0, err);
		assert.ok(!`${out}${err}`.includes(text.slice(18)));
	}
	assert.match(others[0]?.out ?? "", /^ID +NAME +ROLE/);
	assert.match(others[4]?.out ?? "", new RegExp(`^revoked ${id} \\(laptop\\)\\n$`));
	assert.match(others[6]?.out ?? "", /^the record is intact: 3 events/);
	assert.match(others[7]?.out ?? "", /^\{"seq":3,"type":"key-revoked",/);
	assert.ok(!(await rempart(["key", "list", ...at])).out.includes("laptop"));
	assert.ok((await rempart(["key", "list", "--all", ...at])).out.includes("laptop"));
});

test("config explain and schema answer on standard output", async () => {
	assert.match((await rempart(["config", "explain", "limits.body"])).out, /^setting {2}limits\.body\n.*\ndefault {2}8MiB\n/);
	assert.match((await rempart(["config", "schema"])).out, /"\$schema"/);
	assert.equal((await rempart(["config", "check"])).code, 0);
});
