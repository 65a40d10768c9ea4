/**
 * Caddy 2.6 and later, as a Caddyfile.
 *
 *  - Everything stands in one `route`, so that the order is the one that is read: claims taken off, Rempart asked, credentials taken off, Ollama.
 *  - No `flush_interval`: Caddy passes a stream of unknown length on at once, and with the setting 2.6 does not notice a caller who leaves.
 */
import { headComment } from "./head-comment.ts";
import { CLAIMED_FIELDS, GRANTED_FIELDS, inBothSpellings, OVERRIDING_FIELDS, type ProxyPlan, SPENT_FIELDS } from "./plan.ts";

export function caddyConfiguration(plan: ProxyPlan): string {
	const head = headComment(plan, {
		title: "Caddy",
		group: "caddy",
		readsAsRoot: false,
		place: [
			"Goes to /etc/caddy/Caddyfile; the first block must stay the first of the file. Check it with: caddy validate --config /etc/caddy/Caddyfile",
		],
		showsBody: false,
		...(plan.certificateNamed
			? {}
			: { notes: ["The certificate is Caddy's own: automatic for a public name. For files of your own add --cert and --key."] }),
	});
	return head + globals() + site(plan, plan.arrangement === "beside" ? beside(plan) : behind(plan));
}

function globals(): string {
	return `
{
	# A key sent to the port in clear is lost already; a redirect would teach clients to send it there.
	auto_https disable_redirects
	servers {
		protocols h1 h2
		# A Host that is not the name of the handshake is refused (421), not answered with an empty page.
		strict_sni_host on
		timeouts {
			read_header 10s
			idle 2m
		}
	}
}
`;
}

function site({ name, bind, certificate, key, certificateNamed }: ProxyPlan, route: string): string {
	const where = bind.unspecified ? "" : `\n\tbind ${bind.host}`;
	return `
https://${name}:${bind.port} {${where}${certificateNamed ? `\n\ttls ${certificate} ${key}` : ""}
	route {
		# Fields that a caller lists here would be taken off again later, ours among them.
		request_header -Connection
		# What a caller says of itself is nothing; every name that something behind may believe is taken off first.
${inBothSpellings([...CLAIMED_FIELDS, ...OVERRIDING_FIELDS])
	.map((field) => `\t\trequest_header -${field}`)
	.join("\n")}
${route}	}
}
`;
}

function beside({ ask, ollama, ollamaSecure, bodyBytes }: ProxyPlan): string {
	return `
		forward_auth ${ask.socket === null ? ask.authority : `unix/${ask.socket}`} {
			uri /auth/caddy
			header_up Host rempart
			copy_headers ${GRANTED_FIELDS.join(" ")}
		}

		request_body {
			max_size ${bodyBytes}
		}
		reverse_proxy ${ollamaSecure ? "https" : "http"}://${ollama} {
			header_up Host ${ollama}
${SPENT_FIELDS.map((field) => `\t\t\theader_up -${field}`).join("\n")}
			transport http {
				dial_timeout 5s
				compression off
			}
		}
`;
}

function behind({ gateway }: ProxyPlan): string {
	const tls =
		gateway.tls === null
			? ""
			: `
				# Rempart's own certificate is checked, or anything on that port could collect keys.
				tls
				tls_trusted_ca_certs ${gateway.tls.ca}
				tls_server_name ${gateway.tls.name}`;
	return `
		reverse_proxy ${gateway.socket === null ? `${gateway.tls === null ? "http" : "https"}://${gateway.authority}` : `unix/${gateway.socket}`} {
			header_up Host {http.request.hostport}
			transport http {
				dial_timeout 5s
				# Less than Rempart's limits.keep_alive_timeout, so that no request goes out on a connection that is being closed.
				keepalive 20s
				versions 1.1
				compression off${tls}
			}
		}
`;
}
