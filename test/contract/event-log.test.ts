import { MemoryEventLog } from "../support/memory-event-log.ts";
import { temporaryStores } from "../support/temporary-stores.ts";
import { eventLogContract } from "./event-log-contract.ts";

eventLogContract("memory", () => Promise.resolve(new MemoryEventLog()));
eventLogContract("sqlite", async (context) => (await temporaryStores(context)).events);
