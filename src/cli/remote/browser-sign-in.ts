/**
 * Signing in by the browser on this computer (RFC 8252): it comes back to a port of this process with a code, which is worth something only together
 * with a secret that never left it (RFC 7636).
 *
 *  - The listener is on 127.0.0.1, answers one path, and is gone with the answer, or after some minutes without one.
 *  - What comes back must have our own `state`, and name the server that was asked as its issuer (RFC 9207).
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import { HintedError } from "../../std/hinted-error.ts";

export interface HandedCode {
	readonly code: string;
	readonly verifier: string;
	readonly redirectUri: string;
}

const PATIENCE_MS = 300_000;

/** Shows where to go, waits, and resolves with what came back. Throws a HintedError where that is a no, or nothing. */
export async function codeByBrowser(origin: string, show: (url: string) => void, signal: AbortSignal): Promise<HandedCode> {
	const [state, verifier] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];
	const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 });
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	try {
		const redirectUri = `http://127.0.0.1:${portOf(server)}/callback`;
		const page = new URL("/sign-in/terminal", origin);
		page.searchParams.set("redirect_uri", redirectUri);
		page.searchParams.set("code_challenge", createHash("sha256").update(verifier).digest("base64url"));
		page.searchParams.set("state", state);
		const answer = answerAt(server, state, signal);
		show(page.href);
		const given = await answer;
		const error = given.get("error");
		if (error !== null) throw new HintedError("the sign-in was refused in the browser", `try again: rempart login ${origin}`);
		if (given.get("iss") !== origin) {
			throw new HintedError(
				`the answer names another server than ${origin}`,
				"use the address that the server calls itself (admin.sign_in.public_url)",
			);
		}
		return { code: given.get("code") ?? "", verifier, redirectUri };
	} finally {
		server.closeAllConnections();
		server.close();
	}
}

/** Whatever else comes along on this port is answered and forgotten: other programs and pages can find it. */
function answerAt(server: Server, state: string, signal: AbortSignal): Promise<URLSearchParams> {
	const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>();
	const gaveUp = (): void =>
		reject(new HintedError("nobody signed in", "run rempart login again, and follow the address it shows within five minutes"));
	const timer = setTimeout(gaveUp, PATIENCE_MS);
	signal.addEventListener("abort", gaveUp, { once: true });
	server.on("request", (request: IncomingMessage, response: ServerResponse) => {
		const url = URL.parse(request.url ?? "", "http://127.0.0.1");
		const expected = url?.pathname === "/callback" && request.method === "GET" && isSame(url.searchParams.get("state") ?? "", state);
		if (url === null || !expected) {
			response.writeHead(404, { connection: "close" }).end();
			return;
		}
		const refused = url.searchParams.has("error");
		response.writeHead(200, {
			"content-type": "text/html; charset=utf-8",
			"content-security-policy": "default-src 'none'; frame-ancestors 'none'",
			"cache-control": "no-store",
			"referrer-policy": "no-referrer",
			connection: "close",
		});
		response.end(
			`<!doctype html><meta charset="utf-8"><title>Rempart</title><h1>${refused ? "Not signed in" : "Back to the terminal"}</h1><p>You can close this page.</p>`,
			() => resolve(url.searchParams),
		);
	});
	return promise.finally(() => {
		clearTimeout(timer);
		signal.removeEventListener("abort", gaveUp);
	});
}

function isSame(given: string, expected: string): boolean {
	const [one, other] = [Buffer.from(given), Buffer.from(expected)];
	return one.length === other.length && timingSafeEqual(one, other);
}

function portOf(server: Server): number {
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("a TCP listener's address is never a string");
	return address.port;
}
