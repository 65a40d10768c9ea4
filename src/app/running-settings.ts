/**
 * The settings in force and how they are exchanged: read the file, build everything anew, swap, or keep the last good ones and say why.
 *
 * A listener's address, the upstreams and the state directory belong to the process; a change of those is noted and takes a restart.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ReloadOutcome } from "../admin/admin-deps.ts";
import type { Config } from "../config/config.ts";
import { type ConfigOverrides, overrideConfig } from "../config/override.ts";
import { parseConfig } from "../config/parse.ts";
import type { Problem } from "../config/problem.ts";
import type { Event } from "../model/event.ts";
import { Turns } from "../std/turns.ts";
import { withNetworkFiles } from "./network-files.ts";

export interface LoadedConfig {
	readonly config: Config;
	/** SHA-256 of the text, in hexadecimal; of the empty text where there is no file. */
	readonly digest: string;
}

export type ConfigLoading = LoadedConfig | { readonly problems: readonly Problem[] };

/** Reads and checks the file; with none, the defaults. Rejects where the file, or one that it names for networks, cannot be read. */
export async function loadConfig(file: string | null, overrides: ConfigOverrides): Promise<ConfigLoading> {
	const text = file === null ? "" : await readFile(file, "utf8");
	const parsed = parseConfig(text, file ?? "(defaults)");
	if ("problems" in parsed) return parsed;
	const overridden = overrideConfig(parsed.config, overrides);
	if ("problems" in overridden) return overridden;
	const config = await withNetworkFiles(overridden.config);
	return { config, digest: createHash("sha256").update(text).digest("hex") };
}

export interface ReloadDeps {
	readonly file: string | null;
	readonly overrides: ConfigOverrides;
	readonly now: () => number;
	readonly record: (event: Event) => void;
	/** Swaps everything that can be; throws, changing nothing, where something cannot be built. */
	readonly apply: (config: Config) => Promise<void>;
}

export class RunningSettings {
	#loaded: LoadedConfig;
	readonly #deps: ReloadDeps;
	readonly #turns = new Turns();

	constructor(loaded: LoadedConfig, deps: ReloadDeps) {
		this.#loaded = loaded;
		this.#deps = deps;
	}

	get config(): Config {
		return this.#loaded.config;
	}

	get digest(): string {
		return this.#loaded.digest;
	}

	/** One at a time, in the order asked. */
	reload(by = "signal"): Promise<ReloadOutcome> {
		return this.#turns.take(() => this.#reloadNow(by));
	}

	async #reloadNow(by: string): Promise<ReloadOutcome> {
		try {
			const loading = await loadConfig(this.#deps.file, this.#deps.overrides);
			if ("problems" in loading) return this.#rejected(by, loading.problems.map(problemLine));
			await this.#deps.apply(loading.config);
			const notes = restartNotes(this.#loaded.config, loading.config);
			this.#loaded = loading;
			this.#deps.record({
				type: "config-reloaded",
				at: this.#deps.now(),
				configDigest: loading.digest,
				by,
				detail: notes.join("; ") || null,
			});
			return { reloaded: true, configDigest: loading.digest, notes };
		} catch (error) {
			return this.#rejected(by, [error instanceof Error ? error.message : String(error)]);
		}
	}

	#rejected(by: string, problems: readonly string[]): ReloadOutcome {
		const detail = `${problems.length} problems, the last good configuration stays in force: ${problems[0] ?? ""}`;
		this.#deps.record({ type: "config-rejected", at: this.#deps.now(), configDigest: null, by, detail });
		return { reloaded: false, problems };
	}
}

function problemLine({ file, line, column, path, message, hint }: Problem): string {
	return `${file}:${line}:${column}: ${path} ${message}${hint === null ? "" : ` (${hint})`}`;
}

/** What belongs to the process: listeners, files that are opened once, and the upstreams. Everything else is in force when a reload is done. */
function restartNotes(before: Config, after: Config): readonly string[] {
	const notes: string[] = [];
	const note = (setting: string, of: (config: Config) => unknown): void => {
		if (JSON.stringify(of(before)) !== JSON.stringify(of(after))) notes.push(`${setting} takes effect with a restart`);
	};
	note("gateway.listen", ({ gateway }) => gateway.listen);
	note("gateway.reuse_port", ({ gateway }) => gateway.reusePort);
	note("gateway.socket", ({ gateway }) => gateway.socket);
	note("gateway.proxy_protocol", ({ gateway }) => gateway.proxyProtocol);
	note("gateway.tls", ({ gateway: { tls } }) => (tls.mode === "off" ? tls.mode : tls));
	note("identities.certificates.ask", ({ identities }) => identities.certificates.ask);
	note("admin", ({ admin: { listen, socket, insecureRemote } }) => [listen, socket, insecureRemote]);
	note("forward_auth.listen", ({ forwardAuth }) => forwardAuth.listen);
	note("forward_auth.socket", ({ forwardAuth }) => forwardAuth.socket);
	note("upstreams", ({ upstreams }) => upstreams);
	note("upstream", ({ upstream: { firstByteTimeoutMs: _inForceAtOnce, ...lasting } }) => lasting);
	note("wedge", ({ wedge }) => wedge);
	note("events.commit_spacing", ({ events }) => events.commitSpacingMs);
	note("events.checkpoint_interval", ({ events }) => events.checkpointIntervalMs);
	note("events.countries", ({ events }) => events.countries);
	return notes;
}
