/** Knocks at the gateway as a stranger would. */
import { readFile } from "node:fs/promises";
import { request as requestClear } from "node:http";
import { request as requestTls } from "node:https";

const KNOCK_TIMEOUT_MS = 5000;

/** A route that would tell a stranger something worth having. */
const PATH = "/api/tags";

/** The status that a request without a credential is answered with; rejects where there is no answer. `ca` is the local CA's file, or null. */
export async function knock(gateway: string, ca: string | null): Promise<number> {
	const url = new URL(PATH, gateway);
	const trust = ca === null ? null : await readFile(ca);
	return await new Promise<number>((resolve, reject) => {
		// An operator's own certificate need not name the loopback address that we knock at, nor come from a CA that this process trusts. Who answers
		// does not matter here: nothing is sent that anybody could want. What matters is the answer.
		const verify = trust === null ? { rejectUnauthorized: false } : { ca: trust, servername: "localhost" };
		const options = { timeout: KNOCK_TIMEOUT_MS, agent: false, headers: { connection: "close" } };
		const sent = url.protocol === "https:" ? requestTls(url, { ...options, ...verify }) : requestClear(url, options);
		sent.once("response", (answer) => {
			answer.resume();
			resolve(answer.statusCode ?? 0);
		});
		sent.once("timeout", () => sent.destroy(new Error("no answer in time")));
		sent.once("error", reject);
		sent.end();
	});
}
