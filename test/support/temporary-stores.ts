import type { TestContext } from "node:test";

import { type OpenStoresOptions, openStores, type Stores } from "../../src/stores/sqlite/open-stores.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** The real stores in a directory of their own; closed, if the test did not, and gone after it. */
export async function temporaryStores(context: TestContext, options: Partial<OpenStoresOptions> = {}): Promise<Stores> {
	let stores: Stores | null = null;
	// Hooks run in the order in which they were registered: close first, then remove.
	context.after(() => stores?.close().catch(() => undefined));
	const directory = options.directory ?? temporaryDirectory(context);
	stores = await openStores({ clock: () => 1_000, ...options, directory });
	return stores;
}
