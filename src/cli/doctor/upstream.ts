/** Whether each Ollama answers, which version it is, and whether it can be reached around the gateway. */
import { readUpstreamUrl, type UpstreamUrl } from "../../config/values/upstream-url.ts";
import { listeningSockets } from "../listening-sockets.ts";
import { upstreamExposure } from "../upstream-exposure.ts";
import { defineCheck, type Finding, fail, ok, skipped } from "./check.ts";
import { askVersion } from "./ollama-version.ts";

export const upstream = defineCheck({
	id: "upstream",
	title: "upstream",
	async examine({ config, server }) {
		if (server?.demonstration === true) return [ok("the built-in demonstration stands in for ollama")];
		// What the running server was told, which flags may have changed; else what the configuration says.
		const urls = server === null ? (config?.upstreams.map(({ url }) => url) ?? null) : server.upstreams.flatMap(({ url }) => urlOf(url));
		if (urls === null) return [skipped("the configuration has to be mended first")];
		const reached = await Promise.all(urls.map(({ text }) => versionOf(text)));
		return [...reached, ...upstreamExposure(urls, await listeningSockets())];
	},
});

function urlOf(text: string): readonly UpstreamUrl[] {
	const reading = readUpstreamUrl(text);
	return "value" in reading ? [reading.value] : [];
}

async function versionOf(url: string): Promise<Finding> {
	try {
		const { status, version } = await askVersion(url);
		if (status === 200 && version !== null) return ok(`${url} is ollama ${version}`);
		return fail(
			`${url} answers, but not as ollama does (status ${status})`,
			"is that the right address? set upstreams in the configuration, or --upstream",
		);
	} catch (error) {
		const why = error instanceof Error && "code" in error ? String(error.code) : error instanceof Error ? error.message : String(error);
		return fail(`${url} cannot be reached: ${why}`, "start ollama (systemctl start ollama), or name the right address with --upstream");
	}
}
