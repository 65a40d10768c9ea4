/** Where this invocation's state lies: `--state`, else what the environment says, else the system's default. */
import { resolve } from "node:path";

import { resolveStateDirectory } from "../stores/state-directory.ts";
import type { GlobalOptions, Surroundings } from "./surroundings.ts";

export function stateDirectoryOf({ state }: GlobalOptions, { environment, uid, home }: Surroundings): string {
	return state === undefined ? resolveStateDirectory({ environment, uid, home }) : resolve(state);
}
