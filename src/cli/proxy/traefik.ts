/**
 * Traefik 3.3 and later, as a file of the file provider; what belongs to the static configuration stands in its head as flags.
 *
 *  - The middlewares of the one router stand in their order: claims taken off, Rempart asked, credentials taken off.
 *  - `trustForwardHeader` stays off: what Rempart is told comes from Traefik alone.
 */
import { headComment } from "./head-comment.ts";
import { CLAIMED_FIELDS, GRANTED_FIELDS, inBothSpellings, OVERRIDING_FIELDS, type ProxyPlan, SPENT_FIELDS } from "./plan.ts";

export function traefikConfiguration(plan: ProxyPlan): string {
	const beside = plan.arrangement === "beside";
	const head = headComment(plan, {
		title: "Traefik",
		group: "traefik",
		readsAsRoot: false,
		place: [
			"Goes to /etc/traefik/ollama.yml. Traefik itself is started with:",
			`  --providers.file.filename=/etc/traefik/ollama.yml --entryPoints.ollama.address=${plan.bind.text}`,
			`  --entryPoints.ollama.transport.respondingTimeouts.readTimeout=${beside ? "60s" : "0s"} --entryPoints.ollama.transport.respondingTimeouts.idleTimeout=120s`,
			"The entry point must not trust forwarded headers (forwardedHeaders.insecure and .trustedIPs stay unset).",
		],
		showsBody: true,
	});
	return head + (beside ? besideConfiguration(plan) : behindConfiguration(plan));
}

function besideConfiguration(plan: ProxyPlan): string {
	const { ask, ollama, ollamaSecure, bodyBytes } = plan;
	return `
http:
${router(plan, ["ollama-claims", "rempart", "ollama-credentials"])}
  middlewares:
${removed("ollama-claims", inBothSpellings([...CLAIMED_FIELDS, ...OVERRIDING_FIELDS]))}
    rempart:
      forwardAuth:
        # Traefik asks over TCP alone; forward_auth.listen must be set.
        address: "http://${ask.authority}/auth/traefik"
        trustForwardHeader: false
        authResponseHeaders:
${GRANTED_FIELDS.map((field) => `          - ${field}`).join("\n")}
        # The body goes along, so that the rules about models hold. A longer one is refused by Traefik.
        forwardBody: true
        maxBodySize: ${bodyBytes}
${removed("ollama-credentials", SPENT_FIELDS)}
  services:
    ollama:
      loadBalancer:
        # Ollama on loopback refuses hosts that it does not know.
        passHostHeader: false
        servers:
          - url: "${ollamaSecure ? "https" : "http"}://${ollama}"
${tls(plan)}`;
}

function behindConfiguration(plan: ProxyPlan): string {
	const { gateway } = plan;
	return `
http:
${router(plan, ["ollama-claims"])}
  middlewares:
${removed("ollama-claims", inBothSpellings([...CLAIMED_FIELDS, ...OVERRIDING_FIELDS]))}
  services:
    ollama:
      loadBalancer:
        passHostHeader: true
        serversTransport: rempart
        servers:
          - url: "${gateway.tls === null ? "http" : "https"}://${gateway.authority}"
  serversTransports:
    rempart:
${gateway.tls === null ? "" : checked(gateway.tls)}      disableHTTP2: true
      forwardingTimeouts:
        dialTimeout: 5s
        # Less than Rempart's limits.keep_alive_timeout, so that no request goes out on a connection that is being closed.
        idleConnTimeout: 20s
${tls(plan)}`;
}

function checked({ ca, name }: { readonly ca: string; readonly name: string }): string {
	return `      # Rempart's own certificate is checked, or anything on that port could collect keys.
      serverName: ${name}
      rootCAs:
        - ${ca}
`;
}

function router({ name }: ProxyPlan, middlewares: readonly string[]): string {
	return `  routers:
    # One router and no exception: a second one for some path would be a way around the first.
    ollama:
      entryPoints: [ollama]
      rule: Host(\`${name}\`)
      middlewares: [${middlewares.join(", ")}]
      service: ollama
      tls: {}`;
}

/** Traefik removes a field that is set to nothing. */
function removed(name: string, fields: readonly string[]): string {
	return `    ${name}:
      headers:
        customRequestHeaders:
${fields.map((field) => `          ${field}: ""`).join("\n")}`;
}

function tls({ certificate, key }: ProxyPlan): string {
	return `
tls:
  certificates:
    - certFile: ${certificate}
      keyFile: ${key}
  options:
    default:
      minVersion: VersionTLS12
`;
}
