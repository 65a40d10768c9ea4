/**
 * Every metric that Rempart shows: registration, the reference and the tests derive from this table.
 *
 *  - Names, labels and units are a contract with dashboards and alerts: rows are added, never changed.
 *  - Prometheus' conventions: base units, `_total` for counters, `_seconds`, `_bytes`.
 *  - Labels are bounded. What a stranger wrote is never a label value; models and keys are capped, with `_other` for the rest; `_none` where there is none.
 */
export interface MetricSpec {
	readonly name: string;
	readonly type: "counter" | "gauge" | "histogram";
	readonly labels: readonly string[];
	readonly unit: string;
	readonly help: string;
	/** Upper bounds, of a histogram alone. */
	readonly buckets?: readonly number[];
}

/** Generations last from milliseconds (a cached listing) to minutes (a long answer on a small GPU). */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] as const;
/** Our own share; the aim is 0.2 ms, so the buckets lie around it. */
const OVERHEAD_BUCKETS = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25] as const;
/** Loading a model takes seconds to a minute; a loaded one answers at once. */
const FIRST_TOKEN_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const;
/** From a large model on a CPU to a small one on a fast GPU. */
const RATE_BUCKETS = [1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 250, 500] as const;

const counter = (name: string, labels: readonly string[], unit: string, help: string) =>
	({ name, type: "counter", labels, unit, help }) as const;
const gauge = (name: string, labels: readonly string[], unit: string, help: string) =>
	({ name, type: "gauge", labels, unit, help }) as const;
const histogram = (name: string, labels: readonly string[], buckets: readonly number[], help: string) =>
	({ name, type: "histogram", labels, unit: "seconds", help, buckets }) as const;

export const METRICS = {
	requests: counter(
		"rempart_requests_total",
		["endpoint", "api", "method", "code", "decision"],
		"requests",
		"Requests that ended, by operation, dialect, method, status sent and decision (permit, deny, fault).",
	),
	outcomes: counter(
		"rempart_request_outcomes_total",
		["outcome", "phase"],
		"requests",
		"Requests that ended, by outcome and by how far they had come.",
	),
	errors: counter(
		"rempart_errors_total",
		["error"],
		"requests",
		"Refusals and faults; the prefix (caller_, policy_, upstream_, rempart_) says whose doing each was.",
	),
	authFailures: counter("rempart_auth_failures_total", ["reason"], "requests", "Requests refused for want of a valid credential."),
	quotaRejections: counter(
		"rempart_quota_rejections_total",
		["reason"],
		"requests",
		"Requests refused for want of room: rate, budget, concurrency or queue.",
	),
	duration: histogram(
		"rempart_request_duration_seconds",
		["endpoint"],
		DURATION_BUCKETS,
		"From the request's first byte to the answer's last, permitted requests only.",
	),
	overhead: histogram(
		"rempart_overhead_seconds",
		[],
		OVERHEAD_BUCKETS,
		"Rempart's own share of a permitted request, without queueing and the upstream.",
	),
	firstToken: histogram(
		"rempart_time_to_first_token_seconds",
		["model"],
		FIRST_TOKEN_BUCKETS,
		"From the request's last byte sent upstream to the answer's first, successful inference only.",
	),
	queued: histogram("rempart_queue_wait_seconds", [], DURATION_BUCKETS, "Time that permitted requests waited for room at the upstream."),
	queuedByPriority: histogram(
		"rempart_queue_wait_by_priority_seconds",
		["priority"],
		DURATION_BUCKETS,
		"Time that permitted requests which need room waited for it, by the priority of their role.",
	),
	outputRate: {
		name: "rempart_output_tokens_per_second",
		type: "histogram",
		labels: ["model"],
		unit: "tokens a second",
		help: "How fast a model wrote an answer, as Ollama reports it; OpenAI's and Anthropic's dialects do not say.",
		buckets: RATE_BUCKETS,
	},
	tokens: counter(
		"rempart_tokens_total",
		["direction", "model", "key"],
		"tokens",
		"Tokens, by direction (input, output), model and key id.",
	),
	gpu: counter(
		"rempart_gpu_seconds_total",
		["phase", "model", "key"],
		"seconds",
		"GPU time, divided among the requests that ran at the same time, by phase as Ollama reports it (load, prompt, eval; unknown where a dialect does not say, or the request ended before), model and key id.",
	),
	bytes: counter("rempart_body_bytes_total", ["direction"], "bytes", "Body bytes from callers (in) and to callers (out)."),
	requestsActive: gauge("rempart_requests_active", [], "requests", "Permitted requests that have not ended."),
	streamsActive: gauge("rempart_streams_active", [], "streams", "Permitted streaming requests that have not ended."),
	queueDepth: gauge("rempart_queue_depth", [], "requests", "Requests that wait for room at the upstream."),
	queueWaiting: gauge(
		"rempart_queue_waiting",
		["priority"],
		"requests",
		"Requests that wait for room at the upstream, by the priority of their role.",
	),
	passwordChecks: gauge("rempart_password_checks_waiting", [], "checks", "Passwords that wait to be checked against their slow hash."),
	tokenChecks: gauge(
		"rempart_token_checks_waiting",
		[],
		"checks",
		"Access tokens whose signature is verified, or whose provider is asked.",
	),
	tokensRemembered: gauge("rempart_tokens_remembered", [], "tokens", "Access tokens in memory, by which their holders are known again."),
	identityProviderUp: gauge(
		"rempart_identity_provider_up",
		["issuer"],
		"1 or 0",
		"Whether an identity provider answered when it was last asked for its keys.",
	),
	guessing: counter(
		"rempart_guessing_noticed_total",
		["scope"],
		"times",
		"Times that wrong passwords passed what is free, by scope (network, account, everywhere).",
	),
	unfamiliar: counter(
		"rempart_principal_unfamiliar_total",
		["what"],
		"times",
		"Times that a principal came from a network, or with a client, that was new to it.",
	),
	anomalies: counter(
		"rempart_anomalies_total",
		["what"],
		"times",
		"Times that a principal did what it never did, by what it was (volume, model, hour).",
	),
	budgetReservations: gauge(
		"rempart_budget_reservations",
		[],
		"requests",
		"Requests that hold something of a budget at this moment. What stays above 0 while nothing runs would be a leak.",
	),
	budgetOvershoot: counter(
		"rempart_budget_overshoot_total",
		[],
		"times",
		"Times that a budget was passed by more than one reservation, because estimates were too low. Reads 0.",
	),
	connections: gauge("rempart_connections", [], "connections", "Open connections of callers."),
	upstreamUp: gauge("rempart_upstream_up", ["upstream"], "1 or 0", "Whether an upstream is healthy."),
	runnerWedged: counter(
		"rempart_runner_wedged_total",
		["upstream"],
		"times",
		"Times that a model's runner took requests and answered none.",
	),
	runnerHealed: counter(
		"rempart_runner_healed_total",
		["upstream", "result"],
		"times",
		"Attempts to heal a wedged runner, by result (healed, failed).",
	),
	eventLogAvailable: gauge(
		"rempart_event_log_available",
		[],
		"1 or 0",
		"Whether events can be written. While they cannot, requests are refused.",
	),
	eventsLost: counter("rempart_events_lost_total", [], "events", "Events that were not acknowledged while the log could not be written."),
	faultsRaised: counter("rempart_faults_raised_total", ["fault"], "faults", "Faults outside any request."),
	keyChanges: counter("rempart_key_changes_total", ["change"], "changes", "Keys created, rotated and revoked."),
	principalChanges: counter(
		"rempart_principal_changes_total",
		["change", "credential"],
		"changes",
		"Principals added and removed, by what they prove themselves with.",
	),
	configReloadSuccess: gauge(
		"rempart_config_reload_success",
		[],
		"1 or 0",
		"Whether the last configuration read was taken; 0 means that the one before is in force.",
	),
	certificateReloadSuccess: gauge(
		"rempart_certificate_reload_success",
		[],
		"1 or 0",
		"Whether the last certificate read was taken; 0 means that the one before is in force.",
	),
	certificateExpiry: gauge("rempart_certificate_expiry_timestamp_seconds", [], "Unix seconds", "When the gateway's certificate expires."),
	demonstration: gauge("rempart_demonstration", [], "1 or 0", "Whether the built-in demonstration server stands in for Ollama."),
	buildInfo: gauge("rempart_build_info", ["version", "node"], "always 1", "What runs."),
	startTime: gauge("process_start_time_seconds", [], "Unix seconds", "When the process started."),
	cpu: counter("process_cpu_seconds_total", [], "seconds", "CPU time of the process, user and system."),
	memory: gauge("process_resident_memory_bytes", [], "bytes", "Resident memory of the process."),
} as const satisfies Record<string, MetricSpec>;

export type MetricId = keyof typeof METRICS;
