/**
 * HAProxy 2.6 and later. Beside it asks by a Lua action that is printed too; HAProxy's own HTTP client does the asking.
 *
 *  - A Lua action that fails lets the request go on, so nothing passes that has not the permit in a variable (the `deny` after it).
 *  - The body is shown where HAProxy holds it whole: with a Content-Length, within `tune.bufsize`. Any other counts as not shown, and is refused.
 */
import { headComment } from "./head-comment.ts";
import { CLAIMED_FIELDS, OVERRIDING_FIELDS, type ProxyPlan, SPENT_FIELDS } from "./plan.ts";

export const LUA_FILE = "/etc/haproxy/rempart.lua";

export function haproxyConfiguration(plan: ProxyPlan): string {
	const beside = plan.arrangement === "beside";
	const head = headComment(plan, {
		title: "HAProxy",
		group: "haproxy",
		readsAsRoot: true,
		place: [
			"Goes to /etc/haproxy/haproxy.cfg. Check it with: haproxy -c -f /etc/haproxy/haproxy.cfg",
			...(beside ? [`The script goes beside it: ${plan.command} --lua > ${LUA_FILE}`] : []),
			`${plan.certificate} must hold certificate, chain and key, one after the other.`,
		],
		showsBody: true,
		notes: [
			"A caller who leaves in the middle of an answer ends the generation at once. One who leaves before the first byte of it is\n" +
				"noticed with that byte only: HAProxy does not close a request that waits for its answer.",
		],
	});
	return head + (beside ? besideConfiguration(plan) : behindConfiguration(plan));
}

function besideConfiguration(plan: ProxyPlan): string {
	return `
global
${USER}	lua-load-per-thread ${LUA_FILE}
	# What a question can hold of a body, in bytes; each connection has two such buffers. Larger bodies are refused.
	tune.bufsize 262144
${defaults()}
	# The body is there before Rempart is asked; http-request above bounds how long that may take.
	option http-buffer-request

${frontend(plan)}
	http-request lua.rempart
	# Whatever goes wrong in the script, nobody passes without this.
	http-request deny status 503 unless { var(txn.rempart_permit) -m str yes }

	# Ollama needs no credential, and refuses hosts and pages that it does not know.
${SPENT_FIELDS.map((field) => `\thttp-request del-header ${field}`).join("\n")}
	http-request set-header Host ${plan.ollama}
	default_backend ollama

backend ollama
	server ollama ${plan.ollama}${plan.ollamaSecure ? " ssl verify required ca-file @system-ca" : ""}
`;
}

function behindConfiguration(plan: ProxyPlan): string {
	const { gateway } = plan;
	const tls =
		gateway.tls === null
			? ""
			: ` ssl verify required ca-file ${gateway.tls.ca} verifyhost ${gateway.tls.name} sni str(${gateway.tls.name}) alpn http/1.1`;
	return `
global
${USER}
${defaults().trimStart()}
${frontend(plan)}
	# What the caller says of itself is replaced, not appended to.
	http-request set-header X-Forwarded-For %[src]
	http-request set-header X-Forwarded-Proto https
	default_backend rempart

backend rempart
	# Connections rest for less than Rempart's limits.keep_alive_timeout.${gateway.tls === null ? "" : "\n\t# Its certificate is checked, or anything on that port could collect keys."}
	server rempart ${gateway.socket ?? gateway.authority} pool-purge-delay 10s${plan.proxyProtocol ? " send-proxy-v2" : ""}${tls}
`;
}

/** Debian's; HAProxy begins as root for the port and the certificate's key, and lets go of it. */
const USER = `	user haproxy
	group haproxy
`;

function defaults(): string {
	return `
defaults
	mode http
	timeout connect 5s
	timeout http-request 30s
	timeout http-keep-alive 60s
	# Between two pieces of an answer, the first included: loading a large model takes minutes.
	timeout client 30m
	timeout server 30m
	option abortonclose
	option http-no-delay
	retries 0
`;
}

function frontend({ bind, certificate }: ProxyPlan): string {
	return `frontend ollama
	bind ${bind.text} ssl crt ${certificate} alpn http/1.1 ssl-min-ver TLSv1.2
	# What a caller says of itself is nothing; every name that something behind may believe is taken off first.
${["Connection", ...CLAIMED_FIELDS, ...OVERRIDING_FIELDS].map((field) => `\thttp-request del-header ${field}`).join("\n")}
	# Other spellings of the same, to programs that take fields from environment variables; no honest field has an underscore.
	http-request del-header _ -m sub`;
}
