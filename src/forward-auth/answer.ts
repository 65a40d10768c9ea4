/**
 * The answer to a proxy: permit, refusal or fault as HTTP. The only file here that turns a decision into a status.
 *
 *  - A permit carries who it is for, in every identity field that we know, always: a proxy that copies a field and finds none would leave the
 *    caller's own standing (Caddy GHSA-7r4p-vjf4-gxv4).
 *  - A refusal is in the dialect of the request that was asked about, since most proxies hand it to the caller. Public text comes from the tables.
 *  - A fault is 503, whatever it is.
 */
import type { Caller } from "../http/caller.ts";
import type { Deny } from "../model/decision.ts";
import { FAULTS, type Fault } from "../model/fault.ts";
import type { Dialect } from "../model/operation-class.ts";
import type { Principal } from "../model/principal.ts";
import { REASONS } from "../model/reason.ts";
import { errorBody } from "../ollama/error-body.ts";
import { findOperation } from "../ollama/operations.ts";
import type { RequestHead } from "../wire/message.ts";
import type { AskingProxy } from "./asking-proxy.ts";

export interface AnswerTo {
	readonly id: string;
	/** The connection that the question came on. */
	readonly caller: Caller;
	/** Null where it is no request. A question by HEAD has an answer without a body. */
	readonly question: RequestHead | null;
	/** Null where the question is nobody's. */
	readonly proxy: AskingProxy | null;
	/** Method and path that were asked about, as far as they are known. */
	readonly asked: Pick<RequestHead, "method" | "path"> | null;
	readonly dialect: Dialect;
}

type Field = readonly [name: string, value: string];

const PERMITTED = 200;
const FAULT_STATUS = 503;
const RETRY_AFTER_FAULT_S = 5;
/** What a field may hold of a name without changing what it says. */
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Returns the status sent. */
export function permitted(to: AnswerTo, { id, name }: Principal, fields: readonly Field[]): number {
	const user = PLAIN.test(name) ? name : id;
	const head: readonly Field[] = [
		["x-request-id", to.id],
		["remote-user", user],
		["x-auth-request-user", user],
		["x-rempart-principal", id],
		...fields,
	];
	to.caller.respond(PERMITTED, head, { kind: "length", bytes: 0 });
	to.caller.finish();
	return PERMITTED;
}

/** Returns the status sent. */
export function refused(to: AnswerTo, refusal: Deny): number {
	const { status, message } = REASONS[refusal.reason];
	const fields: Field[] = [];
	if (status === 401)
		fields.push(["www-authenticate", 'Bearer realm="rempart"'], ["www-authenticate", 'Basic realm="rempart", charset="UTF-8"']);
	if (status === 405 && to.asked !== null) fields.push(["allow", allowedMethods(to.asked)]);
	const retryAfterS =
		refusal.retryAfterMs === null ? (status === 503 ? RETRY_AFTER_FAULT_S : null) : Math.ceil(refusal.retryAfterMs / 1000);
	if (retryAfterS !== null) fields.push(["retry-after", String(Math.max(1, retryAfterS))]);
	return send(to, status, refusal.reason, message, fields);
}

/** Returns the status sent. */
export function failed(to: AnswerTo, fault: Fault): number {
	return send(to, FAULT_STATUS, fault.code, FAULTS[fault.code].message, [["retry-after", String(RETRY_AFTER_FAULT_S)]]);
}

function send(to: AnswerTo, status: number, code: string, message: string, more: readonly Field[]): number {
	const { contentType, body } = errorBody(to.dialect, { status, code, message, requestId: to.id });
	const bytes = Buffer.from(body, "utf8");
	const sent = to.proxy?.refusalStatus(status) ?? status;
	const fields: Field[] = [["content-type", contentType], ["x-request-id", to.id], ...more];
	if (to.proxy?.dropsBody === true) fields.push(["x-rempart-status", String(status)], ["x-rempart-message", plain(message)]);
	to.caller.respond(sent, fields, { kind: "length", bytes: bytes.length });
	if (to.question?.method !== "HEAD") to.caller.write(bytes);
	to.caller.finish();
	return sent;
}

/** Fit for a field, and to be put between double quotes by whoever reads it there. */
function plain(message: string): string {
	return message
		.replaceAll("…", "...")
		.replaceAll(/[^\x20-\x7e]/g, "?")
		.replaceAll(/["\\$]/g, "'");
}

function allowedMethods({ method, path }: Pick<RequestHead, "method" | "path">): string {
	const found = findOperation(method, path);
	return "unknown" in found && found.unknown === "method" ? found.allow.join(", ") : "";
}
