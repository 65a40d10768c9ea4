/** The lease of a request that needs room: its place, and the way to give it back. */
import type { Usage } from "../model/usage.ts";
import type { Admission } from "../quota/admission.ts";
import { Place } from "../quota/place.ts";
import type { Authorized, Lease } from "./exchange.ts";

export class Room extends Place implements Lease {
	queuedMs = 0;
	queuePosition: number | null = null;
	opened = false;
	readonly #admission: Admission;
	readonly #monotonic: () => number;
	#usage: Usage | null = null;

	constructor({ principal, judged, grant, caller }: Authorized, servers: number, admission: Admission, monotonic: () => number) {
		const model = judged.operation.class === "infer" ? judged.models[0]?.name : undefined;
		// What runs in the cloud takes nothing of our models' time.
		super(principal.id, grant.standing, model === undefined || model.cloud ? null : model.full, servers, caller.bytesIn);
		this.#admission = admission;
		this.#monotonic = monotonic;
	}

	settle(usage: Usage | null): void {
		this.#usage = usage;
	}

	/** Once, whatever happens; a second time does nothing. */
	release(): void {
		this.#admission.leave(this, this.#usage, this.#monotonic());
	}
}
