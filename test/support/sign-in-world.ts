/** A gateway whose people sign in at a real provider: started without, and told by a reload, since the provider has to know its address first. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Browser, type Visited } from "./browser.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { CLIENT_SECRET, type SignInProvider, startSignInProvider } from "./sign-in-provider.ts";

export const GROUPS = { ada: ["gpu-admins"], otto: ["gpu-ops", "staff"], vera: ["staff"], mallory: ["strangers"] } as const;

export const RULES = `[{ claim: groups, matches: gpu-admins, role: admin }, { claim: groups, matches: "gpu-*", role: operator }, { claim: groups, matches: staff, role: viewer }]`;

export interface SignInWorld {
	readonly gateway: Gateway;
	readonly provider: SignInProvider;
	/** Of the admin listener. */
	readonly url: string;
	/** Writes the section anew and has it read; `changes` are lines of `sign_in`, null leaves it out. */
	readonly configure: (changes?: string | null) => Promise<void>;
	/** To the first page after signing in. */
	readonly signIn: (name: string, browser?: Browser) => Promise<{ readonly browser: Browser; readonly page: Visited }>;
}

export async function signInWorld(t: { readonly after: (close: () => unknown) => void }): Promise<SignInWorld> {
	// Nobody listens there: administration needs no Ollama.
	const gateway = await startGateway({ upstreams: ["http://127.0.0.1:9"] });
	t.after(() => gateway[Symbol.asyncDispose]());
	const url = gateway.adminUrl;
	const provider = await startSignInProvider(t, { publicUrl: url, groups: GROUPS });
	const secretFile = join(gateway.stateDirectory, "client-secret");
	await writeFile(secretFile, `${CLIENT_SECRET}\n`, { mode: 0o600 });
	const before = await readFile(gateway.configFile, "utf8");
	const configure = async (changes: string | null = `rules: ${RULES}`): Promise<void> => {
		const lines = [
			`issuer: ${provider.issuer}`,
			"client_id: rempart",
			`client_secret: "file:${secretFile}"`,
			`public_url: ${url}`,
			"scopes: [openid, profile, groups]",
			"user_info: true",
			...(changes ?? "").split("\n"),
		];
		const section = `admin:\n  listen: "127.0.0.1:0"\n  sign_in:\n${lines.map((line) => `    ${line}\n`).join("")}`;
		await writeFile(gateway.configFile, changes === null ? before : before.replace(/^admin:.*\n/m, section));
		const outcome = await gateway.server.reload();
		if (!outcome.reloaded) throw new Error(outcome.problems.join("\n"));
	};
	await configure();
	return {
		gateway,
		provider,
		url,
		configure,
		async signIn(name, browser = new Browser()) {
			const there = await browser.visit(`${url}/sign-in`);
			return { browser, page: await provider.signIn(browser, there, name) };
		},
	};
}
