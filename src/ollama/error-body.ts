/**
 * Errors in the caller's own dialect, as a whole body and as the last record of a stream that is cut.
 *
 *  - Clients find the sentence where they look for it: the `ollama` program and its SDKs in `error`, OpenAI's in `error.message`, Anthropic's in
 *    `error.message` beside `request_id`. Types and codes are those that the SDKs turn into their exceptions; what has none keeps our own code.
 *  - Only texts of our own tables go in here: nothing that the upstream said, nothing of the request.
 */
import type { Dialect } from "../model/operation-class.ts";

export interface ErrorFacts {
	readonly status: number;
	/** A reason or a fault code. */
	readonly code: string;
	readonly message: string;
	readonly requestId: string;
}

export function errorBody(dialect: Dialect, facts: ErrorFacts): { readonly contentType: string; readonly body: string } {
	return { contentType: "application/json; charset=utf-8", body: JSON.stringify(errorOf(dialect, facts)) };
}

/** One whole frame of the dialect's streams: an NDJSON line, or an event. Valid only where the stream is at the boundary of a frame. */
export function errorFrame(dialect: Dialect, facts: ErrorFacts): string {
	const record = JSON.stringify(errorOf(dialect, facts));
	if (dialect === "ollama") return `${record}\n`;
	return dialect === "anthropic" ? `event: error\ndata: ${record}\n\n` : `data: ${record}\n\n`;
}

function errorOf(dialect: Dialect, { status, code, message, requestId }: ErrorFacts): object {
	switch (dialect) {
		case "ollama":
			return { error: message };
		case "openai":
			return {
				error: { message, type: openAiType(status), param: null, code: OPENAI_CODES[code] ?? (status === 401 ? "invalid_api_key" : code) },
			};
		case "anthropic":
			return { type: "error", error: { type: anthropicType(status), message }, request_id: requestId };
	}
}

/** Codes that programs written for OpenAI ask for by name. */
const OPENAI_CODES: Readonly<Record<string, string>> = {
	"model-denied": "model_not_found",
	"model-missing": "model_not_found",
	"rate-exceeded": "rate_limit_exceeded",
	"concurrency-exceeded": "rate_limit_exceeded",
	"budget-exceeded": "insufficient_quota",
};

function openAiType(status: number): string {
	switch (status) {
		case 401:
			return "authentication_error";
		case 403:
			return "permission_error";
		case 404:
			return "not_found_error";
		case 429:
			return "rate_limit_error";
		default:
			return status >= 500 ? "api_error" : "invalid_request_error";
	}
}

function anthropicType(status: number): string {
	switch (status) {
		case 401:
			return "authentication_error";
		case 403:
			return "permission_error";
		case 404:
			return "not_found_error";
		case 413:
			return "request_too_large";
		case 429:
			return "rate_limit_error";
		case 503:
			return "overloaded_error";
		default:
			return status >= 500 ? "api_error" : "invalid_request_error";
	}
}
