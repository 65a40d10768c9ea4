/** Whether each Ollama answers, which version it is, and whether it can be reached around the gateway. */
import { listeningSockets } from "../listening-sockets.ts";
import { upstreamExposure } from "../upstream-exposure.ts";
import { defineCheck, type Finding, fail, ok, skipped } from "./check.ts";

const ANSWER_MS = 3000;
const ANSWER_BYTES_MAX = 64 * 1024;

export const upstream = defineCheck({
	id: "upstream",
	title: "upstream",
	async examine({ config, server }) {
		if (config === null) return [skipped("the configuration has to be mended first")];
		if (server?.demonstration === true) return [ok("the built-in demonstration stands in for ollama")];
		const reached = await Promise.all(config.upstreams.map(({ url }) => versionOf(url.text)));
		return [...reached, ...upstreamExposure(config.upstreams, await listeningSockets())];
	},
});

async function versionOf(url: string): Promise<Finding> {
	try {
		const answer = await fetch(new URL("/api/version", url), { redirect: "error", signal: AbortSignal.timeout(ANSWER_MS) });
		const text = (await answer.text()).slice(0, ANSWER_BYTES_MAX);
		const version = /"version"\s*:\s*"([\w.+-]{1,40})"/.exec(text)?.[1];
		if (answer.status === 200 && version !== undefined) return ok(`${url} is ollama ${version}`);
		return fail(
			`${url} answers, but not as ollama does (status ${answer.status})`,
			"is that the right address? set upstreams in the configuration, or --upstream",
		);
	} catch (error) {
		const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
		const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
		return fail(`${url} cannot be reached: ${why}`, "start ollama (systemctl start ollama), or name the right address with --upstream");
	}
}
