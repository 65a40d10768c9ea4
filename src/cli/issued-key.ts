/** Shows a key that was just made. The one place where the command line prints a secret. */
import type { IssuedKey } from "../keys/key-admin.ts";
import { keyLines } from "./key-text.ts";
import type { GlobalOptions } from "./surroundings.ts";
import type { Terminal } from "./terminal.ts";

export function showIssuedKey({ key, text }: IssuedKey, { json }: GlobalOptions, terminal: Terminal): void {
	if (json === true) {
		const { id, ...rest } = key;
		terminal.object({ id, key: text.reveal(), ...rest });
		return;
	}
	for (const line of keyLines(key)) terminal.note(line);
	terminal.note("this is the only time that the key is shown:");
	terminal.line(text.reveal());
}
