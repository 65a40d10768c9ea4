/** Takes a request as it would come in through the table and the parser, for tests that begin with what a caller sends. */
import assert from "node:assert/strict";

import type { Decision } from "../../src/model/decision.ts";
import type { JudgedRequest } from "../../src/ollama/judged-request.ts";
import { findOperation } from "../../src/ollama/operations.ts";
import { serialise, understand } from "../../src/ollama/understand.ts";
import type { Exchange } from "./recordings.ts";

export const LIMITS = { maxDepth: 64, maxMembers: 100_000 };

export interface Sent {
	readonly method?: string;
	readonly path: string;
	readonly contentType?: string | undefined;
	readonly body?: string | Buffer | null;
}

export function decide({ method = "POST", path, contentType = "application/json", body = null }: Sent): Decision<JudgedRequest> {
	const found = findOperation(method, path);
	assert.ok("operation" in found, `${method} ${path} is unknown`);
	const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body;
	return understand(
		{ ...found, method, contentType, body: found.operation.body === "blob" ? null : bytes, bodyLength: bytes?.length ?? null },
		LIMITS,
	);
}

export function judged(sent: Sent): JudgedRequest {
	const decision = decide(sent);
	if (!decision.permitted) assert.fail(`refused: ${decision.reason} (${decision.detail})`);
	return decision.value;
}

/** The reason, or "permitted". */
export function verdictOf(sent: Sent): string {
	const decision = decide(sent);
	return decision.permitted ? "permitted" : decision.reason;
}

/** The body that is forwarded, as text. */
export function forwarded(sent: Sent): string {
	return serialise(judged(sent))?.body.toString() ?? "";
}

export function sentBy({ method, path, contentType, body }: Exchange): Sent {
	return { method, path, contentType, body };
}
