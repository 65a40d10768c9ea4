/**
 * A process that uses the stores as hard as it can and says on standard output what was acknowledged, for tests that kill it or take the disk away.
 *
 * Lines out: `event ID`, `key TEXT`, `refused PROBLEM` (whenever that changes), `available`. Writes to a pipe are synchronous, so
 * whatever was acknowledged before the process died has been said. Ends when standard input ends.
 */
import { setTimeout as pause } from "node:timers/promises";

import { KeyAdmin } from "../../src/keys/key-admin.ts";
import { KeyMac } from "../../src/keys/key-mac.ts";
import { MemoryKeyRing } from "../../src/keys/key-ring.ts";
import { openStores } from "../../src/stores/sqlite/open-stores.ts";
import { startedEvent } from "./sample-events.ts";

const [directory = "", name = "child"] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

const stores = await openStores({ directory, clock: Date.now, spacingMs: 1, sealAfterMs: 20 });
const mac = new KeyMac(stores.pepper);
const admin = new KeyAdmin({
	ring: new MemoryKeyRing(mac),
	store: stores.keys,
	events: stores.events,
	mac,
	clock: Date.now,
	isRole: () => true,
});
await admin.load();

let ending = false;
let said: string | null = null;
process.stdin.resume().on("end", () => {
	ending = true;
});

function noteAvailability(problem: string | null): void {
	if (said === problem) return;
	said = problem;
	say(problem === null ? "available" : `refused ${problem}`);
}

async function appendEvents(stream: number): Promise<void> {
	for (let index = 0; !ending; index += 1) {
		const request = `${name}-${stream}-${index}`;
		try {
			await stores.events.append(startedEvent({ at: Date.now(), request, detail: "x".repeat(200) })).settled;
			say(`event ${request}`);
			noteAvailability(null);
		} catch {
			noteAvailability(stores.events.problem);
			await pause(2);
		}
	}
}

async function createKeys(): Promise<void> {
	for (let index = 0; !ending; index += 1) {
		const created = await admin.create({ name: `${name} ${index}`, role: "user", models: null, groups: [], expiresAt: null, by: "socket" });
		if (created.done) say(`key ${created.value.text.reveal()}`);
		else await pause(2);
	}
}

await Promise.all([createKeys(), ...Array.from({ length: 8 }, (_, stream) => appendEvents(stream))]);
await stores.close();
