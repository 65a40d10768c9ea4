/**
 * Pages without a script: text in, HTML out, everything from outside escaped by the template itself.
 *
 * The policy of the page allows its one style sheet by digest and forms to where they lead, and nothing else: no script, no image, no frame around it.
 */
import type { Context } from "hono";
import { html, raw } from "hono/html";
import type { ContentfulStatusCode } from "hono/utils/http-status";

import { PROBLEMS, type ProblemCode } from "../problem.ts";
import { STYLE, STYLE_DIGEST } from "./style.ts";

export type Markup = ReturnType<typeof html>;

export interface Page {
	readonly title: string;
	readonly body: Markup;
	/** What stands at the right of the head, such as signing out. */
	readonly aside?: Markup | string;
	/** Origins besides our own that a form of the page leads to in the end; browsers hold redirects of forms to this too. */
	readonly formsLeadTo?: readonly string[];
	readonly status?: ContentfulStatusCode;
}

export async function showPage(context: Context, { title, body, aside = "", formsLeadTo = [], status = 200 }: Page): Promise<Response> {
	context.header(
		"content-security-policy",
		[
			"default-src 'none'",
			`style-src '${STYLE_DIGEST}'`,
			["form-action 'self'", ...formsLeadTo].join(" "),
			"frame-ancestors 'none'",
			"base-uri 'none'",
		].join("; "),
	);
	// A page's address may hold what is for us alone. Not `no-referrer`: browsers then send our own forms with the origin `null`, and they are refused.
	context.header("referrer-policy", "same-origin");
	context.header("cross-origin-opener-policy", "same-origin");
	context.header("x-frame-options", "DENY");
	const document = await html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Rempart</title><style>${raw(STYLE)}</style></head>
<body><main><header><strong>Rempart</strong>${aside}</header>${body}</main></body></html>
`;
	return context.html(document, status);
}

/** A refusal for eyes: the problem's title, and what to do. */
export function showProblem(context: Context, code: ProblemCode, hint: string): Promise<Response> {
	const { status, title } = PROBLEMS[code];
	const id = context.res.headers.get("x-request-id") ?? "";
	const body = html`<section><h1>${sentence(title)}</h1><p>${sentence(hint)}</p>
<p class="dim"><code>${code}</code> · request <code>${id}</code></p>
<div class="acts"><a class="button main" href="/sign-in">Sign in</a></div></section>`;
	return showPage(context, { title: sentence(title), body, status });
}

function sentence(text: string): string {
	return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
