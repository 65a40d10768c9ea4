import assert from "node:assert/strict";
import { test } from "node:test";

import type { Event, RequestEnded } from "../model/event.ts";
import { FAULTS, type FaultCode } from "../model/fault.ts";
import { REASONS, type Reason } from "../model/reason.ts";
import { faultLabel, reasonLabel } from "./error-label.ts";
import { createMetrics } from "./metrics.ts";
import { metricsReference } from "./metrics-reference.ts";
import { METRICS } from "./metrics-table.ts";

const STRANGER: RequestEnded = {
	type: "request-ended",
	at: 0,
	request: "r1",
	principal: null,
	groups: null,
	operation: null,
	class: null,
	dialect: null,
	model: null,
	method: "GET",
	outcome: "refused",
	phase: "deciding",
	status: 401,
	reason: "credential-unknown",
	fault: null,
	detail: null,
	upstream: null,
	durationMs: 1,
	queuedMs: 0,
	priority: null,
	firstByteMs: null,
	overheadMs: 1,
	bytesIn: 0,
	bytesOut: 90,
	usage: null,
	gpuTimeUs: 0,
	charged: null,
};

const USED = {
	promptTokens: 12,
	outputTokens: 40,
	totalNs: 1_400_000_000,
	loadNs: 200_000_000,
	promptNs: 100_000_000,
	evalNs: 1_000_000_000,
	estimated: false,
} as const;

const CHAT: RequestEnded = {
	...STRANGER,
	principal: "abcd1234",
	operation: "chat",
	class: "infer",
	dialect: "ollama",
	model: "llama3.2:latest",
	method: "POST",
	outcome: "completed",
	phase: "ended",
	status: 200,
	reason: null,
	upstream: "http://127.0.0.1:11434",
	durationMs: 1500,
	queuedMs: 20,
	priority: "normal",
	firstByteMs: 300,
	overheadMs: 0.15,
	bytesIn: 100,
	bytesOut: 4000,
	usage: USED,
	gpuTimeUs: 1_300_000,
};

for (const [what, event] of [
	["method", { ...STRANGER, method: "EVIL\n\u0007" }],
	["model", { ...STRANGER, model: "evil" }],
	["path, user agent and detail", { ...STRANGER, detail: "evil" }],
] as const) {
	test(`a stranger's ${what} never becomes a label`, async () => {
		const text = await scrape([event]);
		assert.doesNotMatch(text, /evil/i);
	});
}

test("a model that did not answer is no label, even for a known key", async () => {
	const text = await scrape([{ ...CHAT, model: "made-up", status: 404, usage: null }]);
	assert.doesNotMatch(text, /made-up/);
});

test("the two hundred and first model is _other, and so is the thousand and first key", async () => {
	const metrics = createMetrics();
	for (let i = 0; i < 201; i++) metrics.observe({ ...CHAT, model: `m${i}` });
	for (let i = 0; i < 1001; i++) metrics.observe({ ...CHAT, model: "m0", principal: `k${i}` });
	const text = await metrics.registry();
	assert.match(text, /rempart_tokens_total\{direction="input",model="m199",key="abcd1234"\} 12/);
	assert.match(text, /rempart_tokens_total\{direction="input",model="_other",key="abcd1234"\} 12/);
	// abcd1234 holds one of the thousand places.
	assert.match(text, /rempart_tokens_total\{direction="input",model="m0",key="k998"\} 12/);
	assert.match(text, /rempart_tokens_total\{direction="input",model="m0",key="_other"\} 24/);
});

test("the pairs of model and key have a bound of their own", async () => {
	const metrics = createMetrics();
	for (let model = 0; model < 30; model++)
		for (let key = 0; key < 300; key++) metrics.observe({ ...CHAT, model: `m${model}`, principal: `k${key}` });
	const text = await metrics.registry();
	const series = text.split("\n").filter((line) => line.startsWith('rempart_tokens_total{direction="input"'));
	assert.equal(series.length, 5001);
	assert.match(text, line("rempart_tokens_total", 'direction="input",model="_other",key="_other"', 4_000 * 12));
});

for (const reason of reasons()) {
	test(`a refusal for ${reason} is counted as what it is`, async () => {
		const text = await scrape([{ ...STRANGER, reason, status: REASONS[reason].status }]);
		assert.match(text, line("rempart_errors_total", `error="${reasonLabel(reason)}"`, 1));
		assert.match(
			text,
			new RegExp(
				`rempart_requests_total\\{endpoint="_none",api="_none",method="GET",code="${REASONS[reason].status}",decision="deny"\\} 1`,
			),
		);
		const auth = line("rempart_auth_failures_total", `reason="${reason}"`, 1);
		if (reason.startsWith("credential-") || reason === "network-denied") assert.match(text, auth);
		else assert.doesNotMatch(text, auth);
		const quota = line("rempart_quota_rejections_total", `reason="${reason}"`, 1);
		if (/^(rate|budget|concurrency|queue)-/.test(reason)) assert.match(text, quota);
		else assert.doesNotMatch(text, quota);
	});
}

for (const fault of faults()) {
	test(`a fault of ${fault} is counted, inside a request and outside`, async () => {
		const text = await scrape([
			{ ...CHAT, outcome: "fault", reason: null, fault, status: FAULTS[fault].status, usage: null },
			{ type: "fault-raised", at: 0, fault, detail: "" },
		]);
		assert.match(text, line("rempart_errors_total", `error="${faultLabel(fault)}"`, 1));
		assert.match(text, line("rempart_faults_raised_total", `fault="${faultLabel(fault)}"`, 1));
		assert.match(text, /decision="fault"\} 1/);
	});
}

test("every error carries whose doing it was, once", () => {
	for (const label of [...reasons().map(reasonLabel), ...faults().map(faultLabel)]) {
		assert.match(label, /^(caller|policy|upstream|rempart)_[a-z_]+$/);
		assert.doesNotMatch(label, /^(\w+?)_\1_/);
	}
});

test("a summary of refusals counts as many requests as it stands for", async () => {
	const text = await scrape([{ type: "refusals-summarised", at: 0, reason: "credential-missing", count: 900, sinceMs: 1000 }]);
	assert.match(text, line("rempart_auth_failures_total", 'reason="credential-missing"', 900));
	assert.match(text, /rempart_requests_total\{endpoint="_none",api="_none",method="_other",code="401",decision="deny"\} 900/);
});

test("a completed chat is counted with its tokens, GPU seconds, bytes and times", async () => {
	const text = await scrape([CHAT, CHAT]);
	for (const expected of [
		'rempart_requests_total{endpoint="chat",api="ollama",method="POST",code="200",decision="permit"} 2',
		'rempart_request_outcomes_total{outcome="completed",phase="ended"} 2',
		'rempart_tokens_total{direction="input",model="llama3.2:latest",key="abcd1234"} 24',
		'rempart_tokens_total{direction="output",model="llama3.2:latest",key="abcd1234"} 80',
		'rempart_gpu_seconds_total{phase="load",model="llama3.2:latest",key="abcd1234"} 0.4',
		'rempart_gpu_seconds_total{phase="eval",model="llama3.2:latest",key="abcd1234"} 2',
		'rempart_body_bytes_total{direction="in"} 200',
		'rempart_body_bytes_total{direction="out"} 8000',
		'rempart_request_duration_seconds_bucket{le="1",endpoint="chat"} 0',
		'rempart_request_duration_seconds_bucket{le="2.5",endpoint="chat"} 2',
		'rempart_request_duration_seconds_bucket{le="+Inf",endpoint="chat"} 2',
		'rempart_request_duration_seconds_sum{endpoint="chat"} 3',
		'rempart_request_duration_seconds_count{endpoint="chat"} 2',
		'rempart_overhead_seconds_bucket{le="0.0001"} 0',
		'rempart_overhead_seconds_bucket{le="0.0002"} 2',
		'rempart_time_to_first_token_seconds_bucket{le="0.5",model="llama3.2:latest"} 2',
		"rempart_queue_wait_seconds_count 2",
	]) {
		assert.ok(text.includes(`${expected}\n`), expected);
	}
});

const SHARED: readonly (readonly [
	what: string,
	changes: Partial<RequestEnded>,
	expected: readonly (readonly [phase: string, model: string, seconds: number])[],
])[] = [
	[
		"is its own part of what Ollama says, where two shared it",
		{ gpuTimeUs: 650_000 },
		[
			["load", "llama3.2:latest", 0.1],
			["prompt", "llama3.2:latest", 0.05],
			["eval", "llama3.2:latest", 0.5],
			["unknown", "llama3.2:latest", 0],
		],
	],
	[
		"is divided among the phases that Ollama tells",
		{ gpuTimeUs: 2_000_000, usage: { ...USED, loadNs: null, promptNs: 25_000_000, evalNs: 75_000_000 } },
		[
			["load", "llama3.2:latest", 0],
			["prompt", "llama3.2:latest", 0.5],
			["eval", "llama3.2:latest", 1.5],
			["unknown", "llama3.2:latest", 0],
		],
	],
	[
		"is of no known phase where the dialect tells no durations",
		{ gpuTimeUs: 1_500_000, usage: { ...USED, loadNs: null, promptNs: null, evalNs: null } },
		[
			["load", "llama3.2:latest", 0],
			["eval", "llama3.2:latest", 0],
			["unknown", "llama3.2:latest", 1.5],
		],
	],
	[
		"is of no known phase where all durations are told as nothing",
		{ gpuTimeUs: 40_000, usage: { ...USED, loadNs: 0, promptNs: 0, evalNs: 0 } },
		[
			["prompt", "llama3.2:latest", 0],
			["unknown", "llama3.2:latest", 0.04],
		],
	],
	[
		"is of no known phase and model where the caller left before anything was told",
		{ gpuTimeUs: 3_250_000, outcome: "abandoned", status: 499, usage: null },
		[["unknown", "_none", 3.25]],
	],
	[
		"counts where the request was refused while it ran",
		{ gpuTimeUs: 250_000, outcome: "refused", status: 403, reason: "credential-revoked", usage: null },
		[["unknown", "_none", 0.25]],
	],
];
for (const [what, changes, expected] of SHARED) {
	test(`the GPU time of a request ${what}`, async () => {
		const text = await scrape([
			{ ...CHAT, ...changes },
			{ ...CHAT, ...changes },
		]);
		let inAll = 0;
		for (const [, seconds] of text.matchAll(/^rempart_gpu_seconds_total\{.*\} (\S+)$/gm)) inAll += Number(seconds);
		assert.ok(Math.abs(inAll - (2 * (changes.gpuTimeUs ?? 0)) / 1e6) < 1e-9, `${inAll} in all`);
		for (const [phase, model, seconds] of expected) {
			const told = new RegExp(`^rempart_gpu_seconds_total\\{phase="${phase}",model="${model}",key="abcd1234"\\} (\\S+)$`, "m").exec(
				text,
			)?.[1];
			assert.ok(Math.abs(Number(told) - 2 * seconds) < 1e-9, `${phase} of ${model}: ${told}`);
		}
	});
}

test("a request that never ran has no series of GPU time", async () => {
	assert.doesNotMatch(await scrape([{ ...CHAT, usage: null, gpuTimeUs: 0 }]), /^rempart_gpu_seconds_total\{/m);
});

test("a value on a bucket's bound belongs to it", async () => {
	const text = await scrape([{ ...CHAT, durationMs: 1000 }]);
	assert.ok(text.includes('rempart_request_duration_seconds_bucket{le="1",endpoint="chat"} 1\n'));
});

test("a refusal's time is kept out of the durations", async () => {
	assert.doesNotMatch(await scrape([STRANGER]), /rempart_request_duration_seconds_count\{/);
});

test("states follow the events that tell of them", async () => {
	const events: readonly Event[] = [
		{
			type: "server-started",
			at: 0,
			version: "0.1.0",
			gateway: "https://x",
			upstreams: ["http://u"],
			demonstration: true,
			configDigest: "d",
		},
		{ type: "upstream-up", at: 0, upstream: "http://u", detail: null },
		{ type: "upstream-down", at: 0, upstream: "http://v", detail: "refused" },
		{ type: "config-rejected", at: 0, configDigest: null, by: "signal", detail: "bad" },
		{ type: "certificate-rejected", at: 0, detail: "bad" },
		{ type: "runner-wedged", at: 0, upstream: "http://u", model: "m", waiting: 3, detail: null },
		{ type: "runner-healed", at: 0, upstream: "http://u", model: "m", waiting: 0, detail: null },
		{ type: "log-recovered", at: 0, lost: 7 },
		{ type: "guessing-noticed", at: 0, scope: "account", network: null, principal: null, wrong: 50 },
		{ type: "principal-unfamiliar", at: 0, principal: "p", name: "n", request: "r", what: "client", seen: "curl", usual: "ollama" },
		{ type: "anomaly-volume", at: 0, principal: "p", name: "n", request: "r", seen: "90000", usual: "400", bound: 20_000 },
		{
			type: "principal-added",
			at: 0,
			principal: "prn_00000001",
			name: "n",
			role: "user",
			credential: "certificate",
			fingerprint: "SHA256:x",
			by: "socket",
		},
		{ type: "key-created", at: 0, key: "abcd1234", name: "n", role: "user", by: "socket" },
	];
	const text = await scrape(events);
	for (const expected of [
		`rempart_build_info{version="0.1.0",node="${process.versions.node}"} 1`,
		"rempart_demonstration 1",
		'rempart_upstream_up{upstream="http://u"} 1',
		'rempart_upstream_up{upstream="http://v"} 0',
		"rempart_config_reload_success 0",
		"rempart_certificate_reload_success 0",
		'rempart_runner_wedged_total{upstream="http://u"} 1',
		'rempart_runner_healed_total{upstream="http://u",result="healed"} 1',
		"rempart_events_lost_total 7",
		'rempart_guessing_noticed_total{scope="account"} 1',
		'rempart_guessing_noticed_total{scope="network"} 0',
		'rempart_principal_unfamiliar_total{what="client"} 1',
		'rempart_anomalies_total{what="volume"} 1',
		'rempart_anomalies_total{what="hour"} 0',
		'rempart_key_changes_total{change="created"} 1',
		'rempart_principal_changes_total{change="added",credential="certificate"} 1',
	]) {
		assert.ok(text.includes(`${expected}\n`), expected);
	}
});

test("gauges are read when somebody scrapes, and left out where there is nothing to tell", async () => {
	const metrics = createMetrics();
	let open = 3;
	metrics.read("connections", () => open);
	metrics.read("certificateExpiry", () => null);
	open = 4;
	const text = await metrics.registry();
	assert.match(text, /^rempart_connections 4$/m);
	assert.doesNotMatch(text, /^rempart_certificate_expiry_timestamp_seconds /m);
});

test("what waits and has waited is told by the priority of who asked, and how fast a model wrote by the model", async () => {
	const metrics = createMetrics();
	metrics.readWaiting((priority) => (priority === "low" ? 7 : 0));
	metrics.observe({ ...CHAT, queuedMs: 3_000, priority: "high", usage: { ...USED, outputTokens: 90, evalNs: 3e9 } });
	metrics.observe({ ...CHAT, class: "read", queuedMs: 0, priority: "normal", usage: null });
	const text = await metrics.registry();
	for (const expected of [
		'rempart_queue_waiting{priority="low"} 7',
		'rempart_queue_waiting{priority="high"} 0',
		'rempart_queue_wait_by_priority_seconds_bucket{le="2.5",priority="high"} 0',
		'rempart_queue_wait_by_priority_seconds_bucket{le="5",priority="high"} 1',
		'rempart_queue_wait_by_priority_seconds_count{priority="normal"} 0',
		'rempart_output_tokens_per_second_bucket{le="20",model="llama3.2:latest"} 0',
		'rempart_output_tokens_per_second_bucket{le="35",model="llama3.2:latest"} 1',
	])
		assert.ok(text.includes(`${expected}\n`), expected);
});

test("how soon and how fast a model wrote is told of answers alone", async () => {
	const metrics = createMetrics();
	for (const changes of [
		{ class: "manage" as const },
		{ status: 500 },
		{ firstByteMs: null },
		{ usage: { ...USED, evalNs: 0 } },
		{ usage: { ...USED, outputTokens: 0 } },
		{ usage: { ...USED, evalNs: null } },
	])
		metrics.observe({ ...CHAT, ...changes });
	const text = await metrics.registry();
	assert.match(text, /rempart_time_to_first_token_seconds_count\{model="llama3.2:latest"\} 3\n/);
	assert.match(text, /rempart_output_tokens_per_second_count\{model="llama3.2:latest"\} 3\n/);
	assert.match(text, /rempart_output_tokens_per_second_sum\{model="llama3.2:latest"\} 120\n/);
});

test("every metric of the table is exposed with its type, and named as Prometheus wants it", async () => {
	const text = await createMetrics().registry();
	for (const { name, type, labels } of Object.values(METRICS)) {
		assert.ok(text.includes(`# TYPE ${name} ${type}\n`), name);
		assert.match(name, type === "counter" ? /_total$/ : /^(?!.*_total$)/);
		assert.match(name, /^(rempart|process)_[a-z_]+$/);
		assert.ok(
			labels.every((label) => /^[a-z]+$/.test(label)),
			name,
		);
		assert.ok(metricsReference().includes(`\`${name}\``));
	}
	assert.equal(text.match(/^# TYPE /gm)?.length, Object.keys(METRICS).length);
});

async function scrape(events: readonly Event[]): Promise<string> {
	const metrics = createMetrics();
	for (const event of events) metrics.observe(event);
	return await metrics.registry();
}

function line(name: string, labels: string, value: number): RegExp {
	return new RegExp(`^${name}\\{${labels}\\} ${value}$`, "m");
}

function reasons(): readonly Reason[] {
	return Object.keys(REASONS) as Reason[]; // The table's own keys.
}

function faults(): readonly FaultCode[] {
	return Object.keys(FAULTS) as FaultCode[]; // The table's own keys.
}
