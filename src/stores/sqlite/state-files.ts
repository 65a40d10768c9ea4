import { join } from "node:path";

/** What lies in the state directory, each with mode 0600. SQLite adds `-wal` and `-shm` files with the same mode. */
export class StateFiles {
	readonly events: string;
	readonly keys: string;
	/** Counted from the events; made again from them where it is missing. */
	readonly usage: string;
	/** How far budgets are used. Where it is missing, they begin anew. */
	readonly budgets: string;
	/** Ed25519, PKCS #8 in PEM: signs the checkpoints of the event log. */
	readonly signingKey: string;
	/** 32 random bytes in hexadecimal: the key of every API key's MAC. */
	readonly pepper: string;

	constructor(directory: string) {
		this.events = join(directory, "events.db");
		this.usage = join(directory, "usage.db");
		this.budgets = join(directory, "budgets.db");
		this.keys = join(directory, "keys.db");
		this.signingKey = join(directory, "signing-key.pem");
		this.pepper = join(directory, "pepper");
	}
}
