/**
 * Traefik, `forwardAuth`: a GET (or the request's own method with `preserveRequestMethod`), told in `X-Forwarded-Method` and `X-Forwarded-Uri`, which
 * Traefik sets over the caller's unless `trustForwardHeader` is on.
 *
 *  - With `forwardBody` the whole body comes along, up to `maxBodySize`; a longer one is refused by Traefik itself.
 *  - 2xx permits; every other answer goes to the caller as it is.
 */
import { type AskingProxy, toldIn } from "../asking-proxy.ts";

export const traefik: AskingProxy = {
	name: "traefik",
	asksAt: (path) => path === "/auth/traefik",
	told: (question) => toldIn(question, "x-forwarded-method", "x-forwarded-uri"),
	showsBody: ({ framing }) => framing.kind !== "none",
	refusalStatus: (status) => status,
	dropsBody: false,
};
