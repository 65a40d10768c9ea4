import type { Refused, WireProblem } from "./message.ts";

/** What a scanner says after looking at all bytes there are: it wants more, it is through, or this is not HTTP. */
export type Scan = "more" | "done" | Refused;

/** `detail` names the rule and never quotes the sender: it goes to the record, and a malformed field may hold a credential. */
export function refuse(problem: WireProblem, detail: string): Refused {
	return { kind: "refused", problem, detail };
}
