/** The line that scripts wait for: the first that matters of `up --json` and `serve --json`. */
import type { Ready } from "../app/start-server.ts";
import type { Terminal } from "./terminal.ts";

export function showReady({ key, ...ready }: Ready, terminal: Terminal): void {
	terminal.object({ event: "ready", ...ready, ...(key === null ? {} : { key }) });
}
