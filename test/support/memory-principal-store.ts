import type { EnrolledPrincipal } from "../../src/model/enrolled-principal.ts";
import { Fault } from "../../src/model/fault.ts";
import type { PrincipalStore } from "../../src/ports/principal-store.ts";

/** A store of principals in memory. Passes the same contract as the real one; `fail` makes every call reject. */
export class MemoryPrincipalStore implements PrincipalStore {
	readonly #principals = new Map<string, EnrolledPrincipal>();
	#problem: string | null = null;

	async all(): Promise<readonly EnrolledPrincipal[]> {
		await this.#turn();
		return structuredClone([...this.#principals.values()]).toSorted((one, other) => one.createdAt - other.createdAt);
	}

	async insert(principal: EnrolledPrincipal): Promise<void> {
		await this.#turn();
		if (this.#principals.has(principal.id)) throw new Error(`the id ${principal.id} is taken`);
		this.#principals.set(principal.id, structuredClone(principal));
	}

	async replace(principal: EnrolledPrincipal): Promise<void> {
		await this.#turn();
		if (!this.#principals.has(principal.id)) throw new Error(`there is no principal ${principal.id} to replace`);
		this.#principals.set(principal.id, structuredClone(principal));
	}

	fail(problem: string): void {
		this.#problem = problem;
	}

	recover(): void {
		this.#problem = null;
	}

	async #turn(): Promise<void> {
		await Promise.resolve();
		if (this.#problem !== null) throw new Fault("key-store-unavailable", `the key store cannot be used: ${this.#problem}`);
	}
}
