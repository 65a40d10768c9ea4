/**
 * Envoy, `ext_authz` over HTTP: the request's own method and Host, and its target behind `path_prefix: /auth/envoy`.
 *
 *  - With `with_request_body` the body comes along; where Envoy cut it off, `x-envoy-auth-partial-body` says so, and it counts as not shown.
 *  - 200 permits, and only 200; 5xx is an error of ours to Envoy (`status_on_error`); any other answer goes to the caller as it is.
 */
import { type AskingProxy, only } from "../asking-proxy.ts";

const PREFIX = "/auth/envoy";

export const envoy: AskingProxy = {
	name: "envoy",
	asksAt: (path) => path.startsWith(`${PREFIX}/`),
	told: ({ method, target, host }) => ({ method, target: target.slice(PREFIX.length), host: host === "" ? null : host }),
	showsBody: ({ framing, fields }) => framing.kind !== "none" && only(fields, "x-envoy-auth-partial-body") === "false",
	refusalStatus: (status) => status,
	dropsBody: false,
};
