/**
 * reply: a refusal or a fault as HTTP, in the caller's dialect. The only file that turns a decision into a status.
 *
 *  - Public text comes from the tables of reasons and faults; `detail` and a fault's message never leave by here.
 *  - Every reply carries the request id. A 401 carries the challenge, a 405 what is allowed, a 429 and a 503 when to try again.
 */
import type { Caller } from "../http/caller.ts";
import type { Deny } from "../model/decision.ts";
import { FAULTS, type Fault } from "../model/fault.ts";
import type { Dialect } from "../model/operation-class.ts";
import { REASONS } from "../model/reason.ts";
import { errorBody, errorFrame } from "../ollama/error-body.ts";
import { findOperation } from "../ollama/operations.ts";
import { isOwn, OWN_METHODS } from "./own-routes.ts";

/** What a reply needs of the request; a request without a head has a dialect by default. */
export interface ReplyTo {
	readonly id: string;
	readonly caller: Caller;
	readonly dialect: Dialect;
	/** Fields of ours that the request has earned so far, such as what an allowed origin may read. */
	readonly fields: readonly (readonly [string, string])[];
	/** The answer was begun as a stream while the request waited, and has not ended: whatever is to be said goes into it. */
	opened?: boolean;
}

const RETRY_AFTER_FAULT_S = 5;
const STATUS_OPENED = 200;

/** Returns the status sent. */
export function refuse(to: ReplyTo, refusal: Deny): number {
	const { status, message } = REASONS[refusal.reason];
	const fields: (readonly [string, string])[] = [...to.fields];
	if (status === 401)
		fields.push(["www-authenticate", 'Bearer realm="rempart"'], ["www-authenticate", 'Basic realm="rempart", charset="UTF-8"']);
	if (status === 405 && to.caller.head !== null) fields.push(["allow", allowedMethods(to.caller.head.method, to.caller.head.path)]);
	const retryAfterS =
		refusal.retryAfterMs === null ? (status === 503 ? RETRY_AFTER_FAULT_S : null) : Math.ceil(refusal.retryAfterMs / 1000);
	if (retryAfterS !== null) fields.push(["retry-after", String(Math.max(1, retryAfterS))]);
	if (refusal.fields !== undefined) fields.push(...refusal.fields);
	if (refusal.position !== undefined) fields.push(["x-rempart-queue-position", String(refusal.position)]);
	return send(to, status, refusal.reason, refusal.told ?? message, fields);
}

/** Returns the status sent. */
export function fail(to: ReplyTo, fault: Fault): number {
	const { status, message } = FAULTS[fault.code];
	const fields: (readonly [string, string])[] = [...to.fields];
	if (status !== 502) fields.push(["retry-after", String(RETRY_AFTER_FAULT_S)]);
	return send(to, status, fault.code, message, fields);
}

function send(to: ReplyTo, status: number, code: string, message: string, fields: readonly (readonly [string, string])[]): number {
	if (to.opened === true) return sendWithin(to, errorFrame(to.dialect, { status, code, message, requestId: to.id }));
	const { contentType, body } = errorBody(to.dialect, { status, code, message, requestId: to.id });
	const bytes = Buffer.from(body, "utf8");
	const head: readonly (readonly [string, string])[] = [["content-type", contentType], ["x-request-id", to.id], ...fields];
	to.caller.respond(status, head, { kind: "length", bytes: bytes.length });
	if (to.caller.head?.method !== "HEAD") to.caller.write(bytes);
	to.caller.finish();
	return status;
}

/** In a stream that has begun: the status was sent with its head. */
function sendWithin(to: ReplyTo, frame: string): number {
	to.opened = false;
	to.caller.write(Buffer.from(frame, "utf8"));
	to.caller.finish();
	return STATUS_OPENED;
}

function allowedMethods(method: string, path: string): string {
	if (isOwn(path)) return OWN_METHODS.join(", ");
	const found = findOperation(method, path);
	return "unknown" in found && found.unknown === "method" ? found.allow.join(", ") : "";
}
