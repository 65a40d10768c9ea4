import { MemoryKeyStore } from "../support/memory-key-store.ts";
import { temporaryStores } from "../support/temporary-stores.ts";
import { keyStoreContract } from "./key-store-contract.ts";

keyStoreContract("memory", () => Promise.resolve(new MemoryKeyStore()));
keyStoreContract("sqlite", async (context) => (await temporaryStores(context)).keys);
