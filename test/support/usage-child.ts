/**
 * A process that records requests as hard as it can and counts their usage meanwhile, for a test that kills it.
 *
 * Lines out: `counted SEQ`, `ready`. Ends when it is killed.
 */
import { openStores } from "../../src/stores/sqlite/open-stores.ts";
import { endedEvent } from "./sample-events.ts";

const [directory = ""] = process.argv.slice(2);
const stores = await openStores({ directory, clock: Date.now, spacingMs: 1, sealAfterMs: 20 });

async function record(stream: number): Promise<never> {
	for (let index = 0; ; index += 1) {
		const model = `model-${(index + stream) % 5}`;
		await stores.events.append(endedEvent({ at: Date.now() - (index % 3) * 86_400_000, principal: `p${stream}`, model })).settled;
	}
}

async function count(): Promise<never> {
	for (;;) process.stdout.write(`counted ${(await stores.usage.catchUp("UTC")).countedSeq}\n`);
}

await Promise.all([count(), ...Array.from({ length: 6 }, (_, stream) => record(stream))]);
