import type { UsageComparison, UsageLedger, UsageQuery, UsageReport } from "../../ports/usage-ledger.ts";
import { invariant } from "../../std/invariant.ts";

import type { WorkerLink } from "./worker-link.ts";

/** The table of usage in the store worker. */
export class SqliteUsageLedger implements UsageLedger {
	readonly #link: WorkerLink;

	constructor(link: WorkerLink) {
		this.#link = link;
	}

	async catchUp(timeZone: string): Promise<{ readonly countedSeq: number; readonly events: number }> {
		const reply = await this.#link.ask({ kind: "count-usage", timeZone });
		invariant(reply.kind === "counted", "counting is answered by how far it came");
		return reply;
	}

	async report(query: UsageQuery, timeZone: string): Promise<UsageReport> {
		const reply = await this.#link.ask({ kind: "report-usage", query, timeZone });
		invariant(reply.kind === "usage", "a report is answered by one");
		return reply.report;
	}

	async recompute(timeZone: string): Promise<UsageComparison> {
		const reply = await this.#link.ask({ kind: "recompute-usage", timeZone });
		invariant(reply.kind === "usage-compared", "counting again is answered by the comparison");
		return reply.comparison;
	}

	async rollUp(day: string): Promise<number> {
		const reply = await this.#link.ask({ kind: "roll-up-usage", day });
		invariant(reply.kind === "rolled-up", "rolling up is answered by how many days it was");
		return reply.days;
	}
}
