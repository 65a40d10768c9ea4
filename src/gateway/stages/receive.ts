/**
 * receive: what came in, before anyone knows from whom.
 *
 * The strict reader has done the work; this names the request. The id is ours: a caller's own `x-request-id` would let it forge another's trail.
 */
import type { Caller } from "../../http/caller.ts";
import type { Dialect } from "../../model/operation-class.ts";
import type { Clock } from "../../std/clock.ts";
import type { RequestHead } from "../../wire/message.ts";
import type { Received } from "../exchange.ts";
import { newRequestId } from "../request-id.ts";

export function receive(caller: Caller, head: RequestHead, now: Clock): Received {
	return { id: newRequestId(), at: now(), caller, head, dialect: dialectOf(head.path) };
}

/** By the path's first segment alone, so that a stranger's answer says nothing about which operations exist. */
export function dialectOf(path: string): Dialect {
	if (!path.startsWith("/v1/")) return "ollama";
	return path.startsWith("/v1/messages") ? "anthropic" : "openai";
}
