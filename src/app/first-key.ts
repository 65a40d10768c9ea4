/** The key that `up` makes once, for whoever sits at the machine: an administrator's, shown and never kept in clear. */
import type { KeyAdmin } from "../keys/key-admin.ts";
import { HintedError } from "../std/hinted-error.ts";

/** Null where there is any key already, in force or not. */
export async function makeFirstKey(keys: KeyAdmin): Promise<string | null> {
	if (keys.list().length > 0) return null;
	const made = await keys.create({ name: "first key", role: "admin", models: null, groups: [], expiresAt: null, by: "set-up" });
	if (!made.done) throw new HintedError(made.problem.message, made.problem.hint);
	return made.value.text.reveal();
}
