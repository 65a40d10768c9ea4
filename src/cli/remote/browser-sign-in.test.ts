/** What comes back to the command line's own port, and from whom. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { codeByBrowser } from "./browser-sign-in.ts";

const ORIGIN = "https://admin.example.org";

async function comeBackWith(change: (answer: URLSearchParams) => void): Promise<Awaited<ReturnType<typeof codeByBrowser>>> {
	const shown = Promise.withResolvers<URL>();
	const code = codeByBrowser(ORIGIN, (url) => shown.resolve(new URL(url)), new AbortController().signal);
	const { searchParams: asked } = await shown.promise;
	const back = new URL(asked.get("redirect_uri") ?? "");
	const answer = new URLSearchParams({ code: "c", state: asked.get("state") ?? "", iss: ORIGIN });
	change(answer);
	back.search = answer.toString();
	await Promise.all([fetch(back).then((response) => response.text()), code.catch(() => undefined)]);
	return await code;
}

for (const [what, change, message] of [
	["names another server", (answer: URLSearchParams) => answer.set("iss", "https://evil.example"), /names another server/],
	["names no server", (answer: URLSearchParams) => answer.delete("iss"), /names another server/],
	["is a no", (answer: URLSearchParams) => answer.set("error", "access_denied"), /refused in the browser/],
] as const) {
	test(`an answer that ${what} is none`, async () => {
		await assert.rejects(comeBackWith(change), message);
	});
}

test("the right answer is a code with the secret that makes it worth something", async () => {
	const { code, verifier, redirectUri } = await comeBackWith(() => undefined);
	assert.equal(code, "c");
	assert.match(verifier, /^[\w-]{43}$/);
	assert.match(redirectUri, /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
});

test("whoever gives up waits for nobody", async () => {
	const enough = new AbortController();
	await assert.rejects(
		codeByBrowser(ORIGIN, () => enough.abort(), enough.signal),
		/nobody signed in/,
	);
});
