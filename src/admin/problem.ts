/**
 * Errors of the admin API: RFC 9457 problem documents, always with the request's id, never with a stack or a cause.
 *
 * `code` is the permanent name that programs compare; `hint` says what to do next, as on the command line.
 */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

import type { KeyProblem, KeyProblemCode } from "../keys/key-problem.ts";
import type { SignInProblemCode } from "../sign-in/sign-in-problem.ts";

/** Every code that an answer may carry, with its status and title. */
export const PROBLEMS = {
	"not-found": { status: 404, title: "there is nothing at this path" },
	"method-not-allowed": { status: 405, title: "this path does not take that method" },
	"host-not-served": { status: 421, title: "the admin listener does not answer for that Host" },
	"cross-site-request": { status: 403, title: "pages of another site may not call the admin listener" },
	"sign-in-required": { status: 401, title: "nobody is signed in" },
	"credential-ambiguous": { status: 400, title: "two credentials came with one request" },
	"forgery-suspected": { status: 403, title: "the request does not prove that it comes from a page of ours" },
	"role-insufficient": { status: 403, title: "your role may not do that" },
	"sign-in-mismatch": { status: 400, title: "this sign-in does not belong to this browser, or took too long" },
	"sign-in-refused-there": { status: 403, title: "the identity provider did not sign you in" },
	"person-not-admitted": { status: 403, title: "you are signed in there, but may not administer here" },
	"sessions-exhausted": { status: 503, title: "too many people are signed in" },
	"sign-in-busy": { status: 503, title: "too many people are signing in at this moment" },
	"sign-in-not-recorded": { status: 503, title: "the sign-in could not be recorded" },
	"provider-unavailable": { status: 503, title: "the identity provider cannot be reached" },
	"provider-untrustworthy": { status: 502, title: "the identity provider's answer cannot be trusted" },
	"code-unknown": { status: 400, title: "the code is not known, or no longer" },
	"code-pending": { status: 428, title: "nobody has confirmed the code yet" },
	"code-denied": { status: 403, title: "the code was refused" },
	"session-unknown": { status: 404, title: "there is no such session" },
	"body-too-large": { status: 413, title: "the body is too large" },
	"body-not-json": { status: 415, title: "the body is not JSON" },
	"request-invalid": { status: 422, title: "the request does not have the form that this path takes" },
	"internal-error": { status: 500, title: "something went wrong here" },
	"log-unreadable": { status: 503, title: "the event log cannot be read" },
	"usage-unreadable": { status: 503, title: "usage cannot be counted from the event log" },
	"budget-unknown": { status: 404, title: "there is no such budget" },
	"config-rejected": { status: 422, title: "the configuration was refused; the one before stays in force" },
	"cannot-judge": { status: 422, title: "the request could not be judged" },
	"name-invalid": { status: 422, title: "the name is not valid" },
	"name-taken": { status: 409, title: "the name is taken" },
	"role-unknown": { status: 422, title: "the role is not configured" },
	"models-invalid": { status: 422, title: "the model patterns are not valid" },
	"groups-invalid": { status: 422, title: "the groups are not valid" },
	"expiry-invalid": { status: 422, title: "the expiry is not valid" },
	"overlap-invalid": { status: 422, title: "the overlap is not valid" },
	"key-unknown": { status: 404, title: "there is no such key" },
	"key-revoked": { status: 409, title: "the key was revoked" },
	"key-expired": { status: 409, title: "the key has expired" },
	"principal-unknown": { status: 404, title: "there is no such principal" },
	"public-key-invalid": { status: 422, title: "the public key is not valid" },
	"public-key-taken": { status: 409, title: "the public key is another principal's" },
	"certificate-not-issued": { status: 503, title: "the certificate could not be issued" },
	"not-recorded": { status: 503, title: "the act could not be recorded" },
	"not-stored": { status: 503, title: "the act could not be stored" },
} as const satisfies Record<KeyProblemCode | SignInProblemCode, ProblemSpec> & Record<string, ProblemSpec>;

interface ProblemSpec {
	readonly status: ContentfulStatusCode;
	readonly title: string;
}

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemDetails {
	/** What exactly is wrong here. */
	readonly detail?: string;
	/** What to do next. */
	readonly hint?: string;
	/** Further complaints, one line each. */
	readonly problems?: readonly string[];
}

export function problem(context: Context, code: ProblemCode, details: ProblemDetails = {}): Response {
	const { status, title } = PROBLEMS[code];
	// RFC 9457 §4.2.1: no type URI, because none of ours leads anywhere; `code` is what tells problems apart.
	const body = { type: "about:blank", title, status, code, ...details, requestId: context.res.headers.get("x-request-id") ?? undefined };
	return context.body(JSON.stringify(body), status, { "content-type": "application/problem+json" });
}

export function keyProblem(context: Context, { code, message, hint }: KeyProblem): Response {
	return problem(context, code, { detail: message, hint });
}
