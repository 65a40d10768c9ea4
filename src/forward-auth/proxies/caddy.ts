/**
 * Caddy, `forward_auth`: a GET without a body, whose method and target are in `X-Forwarded-Method` and `X-Forwarded-Uri`; Caddy sets both over whatever
 * the caller sent.
 *
 * 2xx permits; every other answer goes to the caller as it is. `copy_headers` takes identity fields over.
 */
import { type AskingProxy, toldIn } from "../asking-proxy.ts";

export const caddy: AskingProxy = {
	name: "caddy",
	asksAt: (path) => path === "/auth/caddy",
	told: (question) => toldIn(question, "x-forwarded-method", "x-forwarded-uri"),
	showsBody: () => false,
	refusalStatus: (status) => status,
	dropsBody: false,
};
