import { defineEntryCriterion, UNTOLD } from "./entry-criterion.ts";

/** The lists of the whole door. The listener asks them too, before it reads anything; here they hold for what stands behind a proxy and for open connections. */
export const doorNetworks = defineEntryCriterion({
	id: "door-networks",
	title: "Callers may come from that address at all (gateway.networks)",
	why: "Whoever is kept from the door could otherwise come in by a proxy, or stay on a connection from before.",
	reason: "network-denied",
	refusalOf: ({ door }, _subject, { address }) => (door.everyone ? null : address === null ? UNTOLD : door.refusalOf(address)),
});
