import type { Command } from "commander";

/** What a script or a container may override without a file; variables of the same meaning stand behind them. */
export function addListenOptions(command: Command): Command {
	return command
		.option("--listen <address>", "gateway: 0.0.0.0:11435 (or $REMPART_LISTEN)")
		.option("--admin <address>", "metrics and health: 127.0.0.1:11436 (or $REMPART_ADMIN)")
		.option("--upstream <url>", "Ollama: http://127.0.0.1:11434 (or $REMPART_UPSTREAM)");
}
