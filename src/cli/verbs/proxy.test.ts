/** What `rempart proxy` prints, where no real proxy is needed to see it. The programs themselves are started in test/proxies. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";

import { rempart } from "../../../test/support/cli.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";

const KINDS = ["nginx", "traefik", "caddy", "haproxy", "envoy"] as const;
const ARRANGEMENTS = ["beside", "behind"] as const;

async function printed(...words: readonly string[]): Promise<string> {
	const { code, out, err } = await rempart(["proxy", ...words]);
	assert.equal(code, 0, err);
	return out;
}

const refusals: readonly (readonly [words: readonly string[], message: RegExp])[] = [
	[["apache"], /there is no configuration for "apache"\nhint: one of: nginx, traefik, caddy, haproxy, envoy/],
	[["constructor"], /there is no configuration for "constructor"/],
	[["nginx", "--beside", "--behind"], /exclude each other/],
	[["nginx", "--beside", "--lua"], /only haproxy --beside has a script/],
	[["haproxy", "--lua"], /only haproxy --beside has a script/],
	[["nginx", "--bind", "443"], /--bind: "443" is not an address and port/],
	[["nginx", "--name", "a b; } server {"], /--name: .* is not a host name/],
	[["nginx", "--cert", "/etc/a;b.pem"], /not a whole path/],
	[["nginx", "--key", "key.pem"], /not a whole path/],
];
for (const [words, message] of refusals) {
	test(`refuses ${words.join(" ")}`, async () => {
		const { code, out, err } = await rempart(["proxy", ...words]);
		assert.equal(code, 2);
		assert.equal(out, "");
		assert.match(err, message);
	});
}

for (const kind of KINDS) {
	for (const arrangement of ARRANGEMENTS) {
		test(`${kind} ${arrangement}: says what it is, what Rempart needs, and leaves nothing of a template behind`, async () => {
			const text = await printed(kind, `--${arrangement}`, "--name", "gpu.example.org", "--bind", "192.0.2.7:8443");
			assert.match(text, new RegExp(`^# Rempart ${arrangement} `));
			assert.match(
				text,
				/# Rempart needs, in rempart\.yaml:\n# {3}gateway: \{ names: \["gpu\.example\.org"\](?:, trusted_proxies: \["127\.0\.0\.1"\])? \}\n/,
			);
			assert.equal(text.includes('forward_auth: { listen: "127.0.0.1:11437", proxies: ["127.0.0.1"] }'), arrangement === "beside");
			assert.match(text, /192\.0\.2\.7|8443/);
			assert.doesNotMatch(text, /undefined|\[object|\$\{|NaN/);
			assert.doesNotMatch(text, /[ \t]$/m);
			for (const field of ["Remote-User", "X-Auth-Request-User", "X-Rempart-Principal", "X-Forwarded-User", "X-Original-URL"]) {
				assert.match(text, new RegExp(field, "i"), `${field} of a caller is not dealt with`);
			}
		});
	}
}

test("what is asked, where Ollama is and where Rempart is come from the configuration", async (t) => {
	const file = join(temporaryDirectory(t), "rempart.yaml");
	writeFileSync(
		file,
		'gateway: { listen: "127.0.0.1:9001", names: [door.example.org], tls: { mode: off } }\n' +
			'forward_auth: { socket: /run/rempart/ask.sock }\nupstreams: [{ name: a, url: "http://10.1.2.3:5000" }]\n',
	);
	const beside = await printed("--config", file, "nginx", "--beside");
	assert.match(beside, /server unix:\/run\/rempart\/ask\.sock;/);
	assert.match(beside, /server 10\.1\.2\.3:5000;/);
	assert.match(beside, /server_name door\.example\.org;/);
	const behind = await printed("--config", file, "nginx");
	assert.match(behind, /proxy_pass http:\/\/rempart_gateway;/);
	assert.match(behind, /server 127\.0\.0\.1:9001;/);
	assert.doesNotMatch(behind, /10\.1\.2\.3/);
});

test("a proxy that runs as another user is told how it gets at the socket, or at the CA", async (t) => {
	const folder = temporaryDirectory(t);
	const file = join(folder, "rempart.yaml");
	writeFileSync(file, "gateway: { socket: /run/rempart/gateway.sock }\nforward_auth: { socket: /run/rempart/ask.sock }\n");
	for (const [kind, group] of [
		["nginx", "www-data"],
		["caddy", "caddy"],
		["haproxy", "haproxy"],
		["envoy", "envoy"],
	] as const) {
		for (const arrangement of ARRANGEMENTS) {
			const text = await printed("--config", file, kind, `--${arrangement}`);
			assert.match(text, new RegExp(`^# {3}install -d -m 2750 -o REMPART_USER -g ${group} /run/rempart$`, "m"));
			assert.doesNotMatch(text, /install -m 644|certificate is checked/);
		}
	}
	for (const [kind, copies] of [
		["nginx", false],
		["haproxy", false],
		["caddy", true],
		["traefik", true],
		["envoy", true],
	] as const) {
		const text = await printed("--state", folder, kind, "--behind");
		assert.equal(text.includes(`#   install -m 644 ${folder}/tls/ca.pem /etc/${kind}/rempart-ca.pem`), copies, kind);
		assert.doesNotMatch(await printed("--state", folder, kind, "--beside"), /install -/);
	}
});

test("says how it was printed, with everything that was asked for", async () => {
	const words = ["--beside", "--name", "gpu.example.org"];
	const named = [...words, "--bind", "192.0.2.7:8443", "--cert", "/etc/a.pem", "--key", "/etc/b.pem"];
	for (const kind of KINDS) {
		assert.match(await printed(kind, ...words), new RegExp(`^# Printed by: rempart proxy ${kind} ${words.join(" ")}$`, "m"));
		assert.match(await printed(kind, ...named), new RegExp(`^# Printed by: rempart proxy ${kind} ${named.join(" ")}$`, "m"));
	}
});

test("a sentence of two lines in the head is one item of its list", async () => {
	assert.match(await printed("haproxy", "--behind"), /^# - A caller who leaves .*\n# {3}noticed with that byte only/m);
});

test("a socket whose path would need quoting is refused", async (t) => {
	const file = join(temporaryDirectory(t), "rempart.yaml");
	writeFileSync(file, 'forward_auth: { socket: "/run/a b.sock" }\n');
	const { code, err } = await rempart(["--config", file, "proxy", "nginx", "--beside"]);
	assert.equal(code, 2);
	assert.match(err, /without spaces and quotes/);
});

test("the PROXY protocol is spoken by HAProxy where Rempart expects it, and the others say that they cannot", async (t) => {
	const file = join(temporaryDirectory(t), "rempart.yaml");
	writeFileSync(file, "gateway: { trusted_proxies: [127.0.0.1], proxy_protocol: true }\n");
	assert.match(await printed("--config", file, "haproxy"), /server rempart 127\.0\.0\.1:11435 .*send-proxy-v2/);
	const { code, err } = await rempart(["--config", file, "proxy", "nginx"]);
	assert.equal(code, 2);
	assert.match(err, /does not speak the PROXY protocol/);
});

test("with --json it is one object", async () => {
	const text = await printed("nginx", "--json");
	const { kind, arrangement, configuration } = JSON.parse(text) as Record<string, string>;
	assert.deepEqual([kind, arrangement], ["nginx", "behind"]);
	assert.match(configuration ?? "", /proxy_buffering off;/);
});

for (const arrangement of ARRANGEMENTS) {
	test(`Traefik ${arrangement}: one router, its middlewares in order, no trust in what callers forward`, async () => {
		const { http, tls } = parse(await printed("traefik", `--${arrangement}`, "--name", "gpu.example.org")) as {
			readonly http: {
				readonly routers: Record<string, { readonly rule: string; readonly middlewares: readonly string[] }>;
				readonly middlewares: Record<string, Record<string, Record<string, unknown>>>;
			};
			readonly tls: { readonly certificates: readonly unknown[] };
		};
		assert.deepEqual(Object.keys(http.routers), ["ollama"]);
		const beside = arrangement === "beside";
		assert.deepEqual(http.routers["ollama"]?.middlewares, beside ? ["ollama-claims", "rempart", "ollama-credentials"] : ["ollama-claims"]);
		assert.deepEqual(Object.keys(http.middlewares).toSorted(), (http.routers["ollama"]?.middlewares ?? []).toSorted());
		assert.equal(http.routers["ollama"]?.rule, "Host(`gpu.example.org`)");
		assert.equal(tls.certificates.length, 1);
		if (!beside) return;
		const ask = http.middlewares["rempart"]?.["forwardAuth"];
		assert.equal(ask?.["address"], "http://127.0.0.1:11437/auth/traefik");
		assert.equal(ask?.["trustForwardHeader"], false);
		assert.equal(ask?.["forwardBody"], true);
		assert.equal(ask?.["maxBodySize"], 64 * 1024 * 1024);
	});

	test(`Envoy ${arrangement}: one route, asked about before it is taken, and nobody passes who cannot be asked about`, async () => {
		const text = await printed("envoy", `--${arrangement}`, "--name", "gpu.example.org");
		const bootstrap = parse(text) as {
			readonly static_resources: { readonly listeners: readonly unknown[]; readonly clusters: readonly { readonly name: string }[] };
		};
		const manager = findIn(bootstrap, "http_filters");
		const filters = (manager["http_filters"] as readonly { readonly name: string; readonly typed_config: Record<string, unknown> }[]) ?? [];
		const beside = arrangement === "beside";
		assert.deepEqual(
			filters.map(({ name }) => name),
			[...(beside ? ["envoy.filters.http.ext_authz"] : []), "envoy.filters.http.router"],
		);
		assert.equal(manager["normalize_path"], false);
		assert.equal(manager["merge_slashes"], false);
		assert.equal(manager["use_remote_address"], true);
		const { routes } = findIn(bootstrap, "routes") as { readonly routes: readonly unknown[] };
		assert.equal(routes.length, 1);
		assert.deepEqual(
			bootstrap.static_resources.clusters.map(({ name }) => name),
			beside ? ["rempart_ask", "ollama"] : ["rempart"],
		);
		if (!beside) return;
		const [ask] = filters;
		assert.equal(ask?.typed_config["failure_mode_allow"], false);
		assert.deepEqual(ask?.typed_config["with_request_body"], { max_request_bytes: 64 * 1024 * 1024, allow_partial_message: false });
		assert.equal(findIn(bootstrap, "path_prefix")["path_prefix"], "/auth/envoy");
	});
}

/** The first mapping that has a key, depth first. */
function findIn(value: unknown, key: string): Record<string, unknown> {
	const found = search(value, key);
	return found ?? assert.fail(`no ${key}`);
}

function search(value: unknown, key: string): Record<string, unknown> | undefined {
	if (typeof value !== "object" || value === null) return undefined;
	const mapping = Object.fromEntries(Object.entries(value));
	if (Object.hasOwn(mapping, key)) return mapping;
	for (const inner of Object.values(mapping)) {
		const found = search(inner, key);
		if (found !== undefined) return found;
	}
	return undefined;
}
