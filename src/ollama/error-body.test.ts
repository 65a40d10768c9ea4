import assert from "node:assert/strict";
import { test } from "node:test";

import { judged } from "../../test/support/understood.ts";
import { FAULTS } from "../model/fault.ts";
import { DIALECTS } from "../model/operation-class.ts";
import { REASONS } from "../model/reason.ts";
import { type ErrorFacts, errorBody, errorFrame } from "./error-body.ts";

const denied = (code: keyof typeof REASONS): ErrorFacts => ({ ...REASONS[code], code, requestId: "req-1" });

test("Ollama's dialect: the sentence in error, where its program looks for it", () => {
	const { body, contentType } = errorBody("ollama", denied("class-denied"));
	assert.deepEqual(JSON.parse(body), { error: REASONS["class-denied"].message });
	assert.equal(contentType, "application/json; charset=utf-8");
});

for (const [code, type, openAiCode] of [
	["credential-missing", "authentication_error", "invalid_api_key"],
	["credential-revoked", "authentication_error", "invalid_api_key"],
	["rate-exceeded", "rate_limit_error", "rate_limit_exceeded"],
	["concurrency-exceeded", "rate_limit_error", "rate_limit_exceeded"],
	["model-denied", "permission_error", "model_not_found"],
	["class-denied", "permission_error", "class-denied"],
	["operation-unknown", "not_found_error", "operation-unknown"],
	["body-wrong-type", "invalid_request_error", "body-wrong-type"],
	["queue-full", "api_error", "queue-full"],
] as const) {
	test(`OpenAI's dialect: ${code} is a ${type} with code ${openAiCode}`, () => {
		const { message } = REASONS[code];
		assert.deepEqual(JSON.parse(errorBody("openai", denied(code)).body), { error: { message, type, param: null, code: openAiCode } });
	});
}

for (const [code, type] of [
	["credential-missing", "authentication_error"],
	["class-denied", "permission_error"],
	["operation-unknown", "not_found_error"],
	["body-too-large", "request_too_large"],
	["rate-exceeded", "rate_limit_error"],
	["queue-timeout", "overloaded_error"],
	["body-not-json", "invalid_request_error"],
] as const) {
	test(`Anthropic's dialect: ${code} is a ${type} beside the request's id`, () => {
		const { message } = REASONS[code];
		assert.deepEqual(JSON.parse(errorBody("anthropic", denied(code)).body), {
			type: "error",
			error: { type, message },
			request_id: "req-1",
		});
	});
}

test("every reason and every fault has a body in every dialect, and the same for all credentials", () => {
	for (const dialect of DIALECTS) {
		for (const [code, spec] of Object.entries({ ...REASONS, ...FAULTS })) {
			const body = JSON.parse(errorBody(dialect, { ...spec, code, requestId: "r" }).body);
			assert.ok(JSON.stringify(body).includes(JSON.stringify(spec.message)), `${dialect} ${code}`);
		}
		const credentials = Object.entries(REASONS).filter(([code]) => code.startsWith("credential-"));
		const bodies = credentials.map(([code, spec]) => errorBody(dialect, { ...spec, code, requestId: "r" }).body);
		assert.ok(bodies.length > 3);
		assert.equal(new Set(bodies).size, 1);
	}
});

for (const [path, frame] of [
	["/api/chat", /^\{"error":"[^\n]*"\}\n$/],
	["/api/pull", /^\{"error":"[^\n]*"\}\n$/],
	["/v1/chat/completions", /^data: \{"error":\{[^\n]*\}\}\n\n$/],
	["/v1/responses", /^data: \{"error":\{[^\n]*\}\}\n\n$/],
	["/v1/messages", /^event: error\ndata: \{"type":"error",[^\n]*\}\n\n$/],
] as const) {
	test(`${path}: an error in mid-stream is one whole frame`, () => {
		assert.match(errorFrame(judged({ path, body: '{"model":"d"}' }).operation.dialect, denied("shutting-down")), frame);
	});
}
