import type { KeyChanged, RequestEnded, RequestStarted } from "../../src/model/event.ts";

export function startedEvent(changes: Partial<RequestStarted> = {}): RequestStarted {
	return {
		type: "request-started",
		at: 1_000,
		request: "request-1",
		peer: "192.0.2.7",
		method: "POST",
		path: "/api/chat",
		userAgent: "ollama-python/0.6.0",
		principal: "ab12cd34",
		principalName: "laptop",
		role: "user",
		operation: "chat",
		class: "infer",
		dialect: "ollama",
		model: "llama3.2:latest",
		streaming: true,
		decision: "permit",
		reason: null,
		fault: null,
		detail: null,
		reserved: null,
		...changes,
	};
}

export function endedEvent(changes: Partial<RequestEnded> = {}): RequestEnded {
	return {
		type: "request-ended",
		at: 1_100,
		request: "request-1",
		principal: "ab12cd34",
		groups: null,
		operation: "chat",
		class: "infer",
		dialect: "ollama",
		model: "llama3.2:latest",
		method: "POST",
		outcome: "completed",
		phase: "ended",
		status: 200,
		reason: null,
		fault: null,
		detail: null,
		upstream: "http://127.0.0.1:11434",
		durationMs: 100.25,
		queuedMs: 0,
		priority: "normal",
		firstByteMs: 12.5,
		overheadMs: 0.2,
		bytesIn: 310,
		bytesOut: 1_820,
		usage: { promptTokens: 12, outputTokens: 44, totalNs: 98_765_432, loadNs: 10, promptNs: 20, evalNs: 30, estimated: false },
		gpuTimeUs: 60,
		charged: null,
		...changes,
	};
}

export function keyEvent(changes: Partial<KeyChanged> = {}): KeyChanged {
	return { type: "key-created", at: 900, key: "ab12cd34", name: "laptop", role: "user", by: "socket", ...changes };
}
