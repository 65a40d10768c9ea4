/**
 * nginx. Only what open-source nginx 1.18 and later has: `auth_request` beside, `proxy_pass` behind.
 *
 *  - `proxy_pass` without a path forwards the target as the caller sent it, so what was asked about is what is fetched; `merge_slashes` is off so that
 *    the only location sees it whole. There is one location for callers and no exception to it.
 *  - nginx knows 401, 403 and "anything else is 500" from `auth_request`; the statuses are made again of what Rempart's fields say.
 */
import { headComment } from "./head-comment.ts";
import { CLAIMED_FIELDS, GRANTED_FIELDS, OVERRIDING_FIELDS, type ProxyPlan, SPENT_FIELDS } from "./plan.ts";

export function nginxConfiguration(plan: ProxyPlan): string {
	const head = headComment(plan, {
		title: "nginx",
		group: "www-data",
		readsAsRoot: true,
		place: ["Goes to /etc/nginx/conf.d/ollama.conf (inside http { }). Check it with: nginx -t"],
		showsBody: false,
	});
	return head + (plan.arrangement === "beside" ? beside(plan) : behind(plan));
}

function beside(plan: ProxyPlan): string {
	const { ask, ollama } = plan;
	return `
upstream rempart_ask {
	server ${ask.socket === null ? ask.authority : `unix:${ask.socket}`};
	keepalive 16;
	# Less than Rempart's limits.keep_alive_timeout, so that no question goes out on a connection that is being closed.
	keepalive_timeout 20s;
}

upstream rempart_ollama {
	server ${ollama};
	keepalive 32;
}

server {
${server(plan)}
	client_max_body_size ${plan.bodyBytes};

	# Of a refusal nginx keeps the fields and drops the body; of anything but 401 and 403 it makes 500.
	error_page 401 = @rempart_stranger;
	error_page 403 = @rempart_refused;
	error_page 500 = @rempart_fault;

	location / {
		auth_request /.rempart-ask;
		auth_request_set $rempart_user $upstream_http_remote_user;
		auth_request_set $rempart_principal $upstream_http_x_rempart_principal;
		auth_request_set $rempart_status $upstream_http_x_rempart_status;
		auth_request_set $rempart_message $upstream_http_x_rempart_message;
		auth_request_set $rempart_request $upstream_http_x_request_id;
		auth_request_set $rempart_retry $upstream_http_retry_after;
		auth_request_set $rempart_allow $upstream_http_allow;

		# No path here: the target goes on as it came, which is what Rempart was asked about.
		proxy_pass ${plan.ollamaSecure ? "https" : "http"}://rempart_ollama;
		proxy_set_header Host ${ollama};
${cleared([...CLAIMED_FIELDS.filter(isNotGranted), ...OVERRIDING_FIELDS, ...SPENT_FIELDS])}
		# Who it is for, as Rempart says; a caller's own field was never passed on.
		proxy_set_header Remote-User $rempart_user;
		proxy_set_header X-Auth-Request-User $rempart_user;
		proxy_set_header X-Rempart-Principal $rempart_principal;
${streaming()}
		add_header X-Request-Id $rempart_request always;
	}

	location = /.rempart-ask {
		internal;
		proxy_pass http://rempart_ask/auth/nginx;
		proxy_http_version 1.1;
		proxy_set_header Connection "";
		proxy_set_header Host rempart;
		proxy_pass_request_body off;
		proxy_set_header Content-Length "";
		# Each of these replaces whatever the caller sent under that name.
		proxy_set_header X-Original-Method $request_method;
		proxy_set_header X-Original-URI $request_uri;
		proxy_set_header X-Forwarded-Host $http_host;
		proxy_set_header X-Forwarded-For $remote_addr;
		proxy_set_header X-Forwarded-Proto $scheme;
		proxy_connect_timeout 2s;
		proxy_read_timeout 10s;
	}

	# WWW-Authenticate is taken over from Rempart by nginx itself.
	location @rempart_stranger {
		default_type application/json;
		add_header X-Request-Id $rempart_request always;
		return 401 '{"error":"$rempart_message"}\\n';
	}

	location @rempart_refused {
		default_type application/json;
		add_header X-Request-Id $rempart_request always;
		add_header Retry-After $rempart_retry always;
		add_header Allow $rempart_allow always;
${["400", "404", "405", "415", "421", "429"].map((status) => `\t\tif ($rempart_status = ${status}) { return ${status} '{"error":"$rempart_message"}\\n'; }`).join("\n")}
		return 403 '{"error":"$rempart_message"}\\n';
	}

	# Rempart could not tell, or is not there: nobody passes.
	location @rempart_fault {
		default_type application/json;
		add_header Retry-After 5 always;
		return 503 '{"error":"requests cannot be checked at present; try again in a few seconds"}\\n';
	}
}
`;
}

function behind(plan: ProxyPlan): string {
	const { gateway } = plan;
	const scheme = gateway.tls === null ? "http" : "https";
	const tls =
		gateway.tls === null
			? ""
			: `
		# Rempart's own certificate is checked, or anything on that port could collect keys.
		proxy_ssl_verify on;
		proxy_ssl_trusted_certificate ${gateway.tls.ca};
		proxy_ssl_name ${gateway.tls.name};
		proxy_ssl_server_name on;
		proxy_ssl_protocols TLSv1.2 TLSv1.3;
		proxy_ssl_session_reuse on;
`;
	return `
upstream rempart_gateway {
	server ${gateway.socket === null ? gateway.authority : `unix:${gateway.socket}`};
	keepalive 64;
	# Less than Rempart's limits.keep_alive_timeout, so that no request goes out on a connection that is being closed.
	keepalive_timeout 20s;
}

server {
${server(plan)}
	# Rempart bounds bodies by operation (limits.body, limits.upload), and nginx must not cut an upload short.
	client_max_body_size 0;

	location / {
		# No path here: the target goes on as it came, and Rempart judges what it gets.
		proxy_pass ${scheme}://rempart_gateway;
		proxy_set_header Host $http_host;
${cleared([...CLAIMED_FIELDS, ...OVERRIDING_FIELDS])}
		# What the caller says of itself is replaced, not appended to.
		proxy_set_header X-Forwarded-For $remote_addr;
		proxy_set_header X-Forwarded-Proto $scheme;
${streaming()}${tls}	}
}
`;
}

function server({ bind, name, certificate, key }: ProxyPlan): string {
	return `	listen ${bind.text} ssl;
	server_name ${name};
	ssl_certificate ${certificate};
	ssl_certificate_key ${key};
	ssl_protocols TLSv1.2 TLSv1.3;
	server_tokens off;
	merge_slashes off;
	client_header_timeout 10s;
	client_body_timeout 60s;
`;
}

function cleared(fields: readonly string[]): string {
	return fields.map((field) => `\t\tproxy_set_header ${field} "";`).join("\n");
}

/** A field that is set is not cleared as well: nginx would send it twice, once without a value. */
function isNotGranted(field: string): boolean {
	return !GRANTED_FIELDS.some((granted) => granted === field);
}

function streaming(): string {
	return `		# Tokens leave as they come, bodies go on as they arrive, and a caller who leaves ends the generation.
		proxy_http_version 1.1;
		proxy_set_header Connection "";
		proxy_buffering off;
		proxy_request_buffering off;
		proxy_cache off;
		gzip off;
		proxy_ignore_client_abort off;
		proxy_next_upstream off;
		proxy_connect_timeout 5s;
		# Between two pieces of an answer, the first included: loading a large model takes minutes.
		proxy_read_timeout 30m;
		proxy_send_timeout 30m;
`;
}
