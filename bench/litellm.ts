/**
 * LiteLLM's proxy, the one that everybody knows, with its master key as the only credential: keys of its own would need a database.
 *
 *  - One worker, as everyone here has one core; no database, no callbacks, no telemetry, prices from its own package instead of the network.
 *  - It makes some ten requests and some thousand tokens a second: with as many callers as the others have, its queue would be measured.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { freePort, listening } from "./listening.ts";
import { FLOOD_MODEL, MODELS } from "./scripted.ts";
import type { Surroundings, Target } from "./target.ts";

/** It imports for a long time. */
const START_MS = 120_000;
const MASTER_KEY = "sk-bench-2b1f0c47d5";
const MOST = { connections: 8, streams: 8 };

export async function startLitellm(program: string, surroundings: Surroundings): Promise<Target> {
	const { children, core, upstreamPort } = surroundings;
	const folder = join(surroundings.folder, "litellm");
	const port = await freePort();
	mkdirSync(folder);
	writeFileSync(join(folder, "config.yaml"), configuration(upstreamPort));
	const child = children.start({
		name: "litellm",
		program,
		args: ["--config", join(folder, "config.yaml"), "--host", "127.0.0.1", "--port", String(port), "--num_workers", "1"],
		core,
		cwd: folder,
		env: {
			PATH: `${dirname(program)}:${process.env["PATH"] ?? ""}`,
			HOME: folder,
			LITELLM_MASTER_KEY: MASTER_KEY,
			LITELLM_LOCAL_MODEL_COST_MAP: "True",
			LITELLM_LOG: "ERROR",
			// It breaks off a stream whose tokens are all the same, after a hundred.
			REPEATED_STREAMING_CHUNK_LIMIT: "1000000",
		},
		logs: true,
	});
	await listening(port, child, START_MS);
	return {
		name: "litellm",
		pid: child.pid,
		host: "127.0.0.1",
		port,
		trusted: null,
		authorization: `Bearer ${MASTER_KEY}`,
		fields: [],
		rewritten: true,
		most: MOST,
		stop: () => child.stop(),
	};
}

/** JSON is YAML. */
function configuration(upstreamPort: number): string {
	const upstream = { api_base: `http://127.0.0.1:${upstreamPort}/v1`, api_key: "none" };
	const models = MODELS.filter((name) => name !== FLOOD_MODEL);
	return JSON.stringify({
		model_list: models.map((name) => ({ model_name: name, litellm_params: { model: `openai/${name}`, ...upstream } })),
		litellm_settings: { telemetry: false },
		general_settings: { master_key: MASTER_KEY },
	});
}
