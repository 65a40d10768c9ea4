/** Whether the running gateway refuses a stranger, tried from outside. */
import { proveClosed } from "../prove-closed.ts";
import { defineCheck, skipped } from "./check.ts";

export const gateway = defineCheck({
	id: "gateway",
	title: "gateway",
	async examine({ server, config }) {
		const address = server?.listeners.find(({ name }) => name === "gateway")?.address;
		if (server === null || address === undefined) return [skipped("no server runs on this state")];
		return [await proveClosed({ gateway: address, ca: server.certificate?.ca?.path ?? null, config })];
	},
});
