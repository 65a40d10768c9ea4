/**
 * Users with passwords in a running server: the configured files, the users in force, and the looks at the files that tell when they change.
 *
 *  - A file that is refused at the start stops the start; later it leaves the users before it in force, and is recorded once.
 *  - Whoever no longer stands in the file loses what runs for him at this moment too.
 */
import { hkdfSync } from "node:crypto";
import { join } from "node:path";

import { type HtpasswdConfig, rolesNamed } from "../config/htpasswd.ts";
import type { Event } from "../model/event.ts";
import { PasswordDesk } from "../passwords/password-desk.ts";
import { lookAt, type PasswordContent, readPasswordFiles } from "../passwords/password-files.ts";
import { PasswordUsers } from "../passwords/password-users.ts";
import type { Secret } from "../std/secret.ts";
import { AttemptsFile } from "../stores/attempts-file.ts";
import { assertRoles } from "./assert-roles.ts";

export interface PasswordsDeps {
	readonly stateDirectory: string;
	readonly pepper: Secret;
	readonly now: () => number;
	readonly monotonic: () => number;
	readonly record: (event: Event) => void;
	/** The principal stands in the file no more. */
	readonly onRemoved: (principal: string) => void;
	/** Between two looks at the files; half a second where it is not said. */
	readonly lookMs?: number;
}

/** Two looks that agree make a change, so one counts after half a second to a second. */
const LOOK_MS = 500;
const SAVE_MS = 15_000;

export class Passwords {
	readonly desk: PasswordDesk;
	readonly #deps: PasswordsDeps;
	readonly #timers: readonly NodeJS.Timeout[];
	#spec: HtpasswdConfig | null = null;
	#content: PasswordContent | null = null;
	/** The last look that differed from what is in force, and whether what it saw was refused. */
	#different = { seen: "", refused: false };
	#looking = false;

	constructor(deps: PasswordsDeps) {
		this.#deps = deps;
		this.desk = new PasswordDesk({
			now: deps.now,
			monotonic: deps.monotonic,
			// A key of its own: one secret, one purpose (RFC 5869 §3.2).
			subjectKey: new Uint8Array(hkdfSync("sha256", Buffer.from(deps.pepper.reveal(), "hex"), "", "rempart password attempts", 32)),
			store: new AttemptsFile(join(deps.stateDirectory, "attempts.json")),
			record: deps.record,
		});
		this.#timers = [setInterval(() => void this.look(), deps.lookMs ?? LOOK_MS), setInterval(() => void this.#save(), SAVE_MS)];
		for (const timer of this.#timers) timer.unref();
	}

	/** Reads what is configured; what is returned puts it in force. Throws a HintedError, changing nothing, where that cannot be. */
	async prepare(spec: HtpasswdConfig | null, isRole: (name: string) => boolean): Promise<() => void> {
		if (spec === null) return () => this.#putInForce(null, null);
		assertRoles("identities.htpasswd", rolesNamed(spec), isRole);
		const content = await readPasswordFiles(spec);
		await this.desk.restore();
		return () => this.#putInForce(spec, content);
	}

	/** Looks whether the files changed, and takes them over once they lie still. */
	async look(): Promise<void> {
		const spec = this.#spec;
		if (spec === null || this.#looking) return;
		this.#looking = true;
		try {
			const seen = await lookAt(spec);
			if (seen === this.#content?.seen) return;
			const still = seen === this.#different.seen;
			if (!still) this.#different = { seen, refused: false };
			else if (!this.#different.refused) await this.#readAgain(spec);
		} finally {
			this.#looking = false;
		}
	}

	async close(): Promise<void> {
		for (const timer of this.#timers) clearInterval(timer);
		await this.desk.close();
	}

	async #readAgain(spec: HtpasswdConfig): Promise<void> {
		try {
			const content = await readPasswordFiles(spec);
			// A reload of the configuration may have come between.
			if (this.#spec === spec) this.#putInForce(spec, content);
		} catch (error) {
			this.#different = { ...this.#different, refused: true };
			const why = error instanceof Error ? error.message : String(error);
			this.#deps.record({ type: "passwords-rejected", at: this.#deps.now(), detail: `${why}; the users before it stay in force` });
		}
	}

	#putInForce(spec: HtpasswdConfig | null, content: PasswordContent | null): void {
		const before = this.desk.users;
		const after = spec === null || content === null ? null : new PasswordUsers(content.users, content.groups, spec, before);
		const isNew = content !== null && content.digest !== this.#content?.digest;
		this.#spec = spec;
		this.#content = content;
		this.desk.use(after, spec?.rememberMs ?? 0);
		if (isNew) this.#deps.record({ type: "passwords-loaded", at: this.#deps.now(), detail: told(content) });
		for (const principal of before?.missingFrom(after) ?? []) this.#deps.onRemoved(principal);
	}

	async #save(): Promise<void> {
		try {
			await this.desk.save();
		} catch (error) {
			const detail = `wrong passwords cannot be kept over a restart: ${error instanceof Error ? error.message : String(error)}`;
			this.#deps.record({ type: "fault-raised", at: this.#deps.now(), fault: "internal-error", detail });
		}
	}
}

function told({ users, findings }: PasswordContent): string {
	return [`${users.size} users`, ...findings].join("; ");
}
