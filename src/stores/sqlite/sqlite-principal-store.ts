import type { EnrolledPrincipal } from "../../model/enrolled-principal.ts";
import { Fault } from "../../model/fault.ts";
import type { PrincipalStore } from "../../ports/principal-store.ts";

import type { StoreRequest } from "./protocol.ts";
import type { Succeeded, WorkerLink } from "./worker-link.ts";

/** Enrolled principals in the worker's database, beside the keys. A call after a failure opens the database anew. */
export class SqlitePrincipalStore implements PrincipalStore {
	readonly #link: WorkerLink;

	constructor(link: WorkerLink) {
		this.#link = link;
	}

	async all(): Promise<readonly EnrolledPrincipal[]> {
		const reply = await this.#ask({ kind: "all-principals" });
		return reply.kind === "principals" ? reply.principals : [];
	}

	async insert(principal: EnrolledPrincipal): Promise<void> {
		const reply = await this.#ask({ kind: "insert-principal", principal });
		if (reply.kind === "conflict") throw new Error(`the id ${principal.id} is taken`);
	}

	async replace(principal: EnrolledPrincipal): Promise<void> {
		const reply = await this.#ask({ kind: "replace-principal", principal });
		if (reply.kind === "conflict") throw new Error(`there is no principal ${principal.id} to replace`);
	}

	async #ask(request: StoreRequest): Promise<Succeeded> {
		try {
			return await this.#link.ask(request);
		} catch (cause) {
			const why = cause instanceof Error ? cause.message : String(cause);
			throw new Fault("key-store-unavailable", `the key store cannot be used: ${why}`, { cause });
		}
	}
}
