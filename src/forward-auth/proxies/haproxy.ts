/**
 * HAProxy, by the Lua action that `rempart proxy haproxy --lua` prints: it asks with HAProxy's own HTTP client, shows the body where it is whole in
 * HAProxy's buffer, and hands status, fields and body of a refusal to the caller.
 *
 * The action sets a variable on a permit and nothing else does, so that a script that fails refuses.
 */
import { type AskingProxy, toldIn } from "../asking-proxy.ts";

export const haproxy: AskingProxy = {
	name: "haproxy",
	asksAt: (path) => path === "/auth/haproxy",
	told: (question) => toldIn(question, "x-forwarded-method", "x-forwarded-uri"),
	showsBody: ({ framing }) => framing.kind !== "none",
	refusalStatus: (status) => status,
	dropsBody: false,
};
