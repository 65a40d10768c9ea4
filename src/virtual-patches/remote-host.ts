/** G4: a model that is only a pointer to another host turns the server into a relay. Off unless the operator turned it on. */
import { isAbsent, jsonBodyOf } from "./json-body.ts";
import { definePatch, stop } from "./virtual-patch.ts";

export const remoteHost = definePatch({
	id: "VP-G4-remote-host",
	title: "A create that points the model at another host",
	why: "Every later request to that model is sent on, prompt and all, to a host that the maker of the model chose.",
	advisories: [],
	since: "0.1.0",
	unless: "remoteHost",
	operations: ["create"],
	applies(judged) {
		const host = jsonBodyOf(judged)?.["remote_host"];
		return isAbsent(host) || host === "" ? null : stop("remote_host is set");
	},
});
