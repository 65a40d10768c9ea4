/**
 * One thread that checks passwords, so that no hash ever stands on the event loop.
 *
 * On Linux it lowers its own priority: there `setpriority` with 0 means the calling thread, not the process, so the streams of the main thread go
 * first whenever both want one core. Elsewhere the same call would slow down everything, and is left out.
 */
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";

import { invariant } from "../std/invariant.ts";

import type { CheckAnswered, CheckAsked } from "./check-pool.ts";
import { matches } from "./hashes/matches.ts";
import { readStoredHash } from "./hashes/stored-hash.ts";

const NICE = 10;

invariant(parentPort !== null, "this file runs as a worker");
const port = parentPort;
if (process.platform === "linux") setPriority(0, NICE);

port.on("message", ({ stored, password }: CheckAsked) => {
	const reading = readStoredHash(stored);
	const answered: CheckAnswered = { right: !("refused" in reading) && matches(reading, password) };
	port.postMessage(answered);
});
