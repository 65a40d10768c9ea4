/**
 * understand: what is asked, exactly?
 *
 * Host and Origin, then method and path → one operation of the closed table, then the body, parsed strictly, whole.
 *
 *  - Anything not in the table is refused. Paths are compared as sent: `/api/%70ull` reaches pull in Ollama, and is unknown here.
 *  - What comes out is what will be serialised for the upstream; the caller's own bytes go no further.
 *  - A blob is not read: it streams through under its digest later.
 */
import type { BodyRead } from "../../http/caller.ts";
import { type Decision, deny, permit } from "../../model/decision.ts";
import type { JudgedRequest } from "../../ollama/judged-request.ts";
import type { Operation } from "../../ollama/operation.ts";
import { findOperation } from "../../ollama/operations.ts";
import { type UnderstandLimits, understand as understandBody } from "../../ollama/understand.ts";
import type { Identified, Understood } from "../exchange.ts";
import type { OriginList } from "../origin-list.ts";
import { isServed } from "../served-host.ts";

export interface UnderstandDeps {
	/** Names that this server answers for, lower case, without port. Addresses are always answered: rebinding needs a name. */
	readonly names: ReadonlySet<string>;
	readonly origins: OriginList;
	readonly limits: BodyLimits;
}

export interface BodyLimits extends UnderstandLimits {
	readonly bodyBytes: number;
	readonly bodyWithImagesBytes: number;
}

export function understand(identified: Identified, deps: UnderstandDeps): Decision<Understood> | Promise<Decision<Understood>> {
	const { head, caller } = identified;
	if (!isServed(head.host, deps.names)) return deny("host-not-served", head.host);
	const origin = head.fields.get("origin");
	if (origin !== undefined && !deps.origins.allows(origin, head.host)) return deny("origin-not-allowed", origin);

	const found = findOperation(head.method, head.path);
	if ("unknown" in found) return deny(found.unknown === "path" ? "operation-unknown" : "method-not-allowed", `${head.method} ${head.path}`);
	const { operation, parameter } = found;
	if (head.fields.get("content-encoding") !== undefined) return deny("content-encoding-unsupported");

	const finish = (body: Buffer | null): Decision<Understood> => {
		const input = {
			operation,
			parameter,
			method: head.method,
			contentType: head.fields.get("content-type"),
			body,
			bodyLength: head.framing.kind === "length" ? head.framing.bytes : null,
		};
		const judged = understandBody(input, deps.limits);
		if (!judged.permitted) return judged;
		if (body !== null && body.length > deps.limits.bodyBytes && !carriesMedia(judged.value)) {
			return deny("body-too-large", `${body.length} bytes without an image, ${deps.limits.bodyBytes} allowed`);
		}
		const { id, at, dialect, principal } = identified;
		return permit({ id, at, caller, head, dialect, principal, judged: judged.value });
	};

	if (operation.body === "blob") return finish(null);
	const read = caller.readBody(bodyLimitOf(operation, deps.limits));
	const go = (done: BodyRead): Decision<Understood> => ("refused" in done ? deny(done.refused, done.detail) : finish(done.body));
	return read instanceof Promise ? read.then(go) : go(read);
}

/** Bodies with images may be larger; whether there is one is known only after parsing. */
function bodyLimitOf(operation: Operation, limits: BodyLimits): number {
	const mayCarryMedia = operation.class === "infer" && operation.body !== "none";
	return mayCarryMedia ? limits.bodyWithImagesBytes : limits.bodyBytes;
}

function carriesMedia({ body }: JudgedRequest): boolean {
	if (body.kind !== "json") return body.kind === "multipart";
	const { images, messages, input } = body.value;
	return images !== undefined || hasMedia(messages) || hasMedia(input);
}

/** Whether any message has `images`, or a content part that is not text. */
function hasMedia(messages: unknown): boolean {
	if (!Array.isArray(messages)) return false;
	return messages.some((message: unknown) => {
		if (typeof message !== "object" || message === null) return false;
		if ("images" in message) return true;
		if (!("content" in message) || !Array.isArray(message.content)) return false;
		return message.content.some((part: unknown) => typeof part === "object" && part !== null && "type" in part && part.type !== "text");
	});
}
