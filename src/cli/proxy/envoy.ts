/**
 * Envoy 1.30 and later, as a whole static bootstrap. Beside it asks with `ext_authz` over HTTP, on every route.
 *
 *  - `failure_mode_allow` is off: whoever cannot be asked about does not pass.
 *  - Envoy shows Rempart only the fields of `allowed_headers`; the body comes along up to `max_request_bytes`, and a longer one is refused (413).
 *  - The path is not normalised, so that what is asked about is what is fetched; escaped slashes are refused before.
 */
import { readIpAddress } from "../../std/ip-address.ts";
import { headComment } from "./head-comment.ts";
import { CLAIMED_FIELDS, GRANTED_FIELDS, OVERRIDING_FIELDS, type ProxyPlan, SPENT_FIELDS } from "./plan.ts";

/** What Rempart decides by, besides method, target and host. */
const SHOWN_FIELDS = [
	"authorization",
	"x-api-key",
	"api-key",
	"origin",
	"user-agent",
	"content-type",
	"content-encoding",
	"x-forwarded-for",
	"x-forwarded-proto",
	"x-envoy-auth-partial-body",
] as const;

export function envoyConfiguration(plan: ProxyPlan): string {
	const head = headComment(plan, {
		title: "Envoy",
		group: "envoy",
		readsAsRoot: false,
		place: ["Goes to /etc/envoy/envoy.yaml. Check it with: envoy --mode validate -c /etc/envoy/envoy.yaml"],
		showsBody: true,
		notes: ["Rempart answers ext_authz over HTTP; the gRPC form is not served."],
	});
	return `${head}
static_resources:
  listeners:
    - name: ollama
      address: ${address(plan.bind.host, plan.bind.port)}
      per_connection_buffer_limit_bytes: 1048576
      filter_chains:
        - transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
              common_tls_context:
                alpn_protocols: [http/1.1]
                tls_params: { tls_minimum_protocol_version: TLSv1_2 }
                tls_certificates:
                  - certificate_chain: { filename: ${plan.certificate} }
                    private_key: { filename: ${plan.key} }
          filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: ollama
                codec_type: HTTP1
                # The caller's address is the connection's; Envoy writes it at the right end of X-Forwarded-For, where Rempart reads it.
                use_remote_address: true
                skip_xff_append: false
                xff_num_trusted_hops: 0
                # What is asked about is what is fetched.
                normalize_path: false
                merge_slashes: false
                path_with_escaped_slashes_action: REJECT_REQUEST
                request_headers_timeout: 10s
                stream_idle_timeout: 1800s
                common_http_protocol_options:
                  idle_timeout: 120s
                  headers_with_underscores_action: REJECT_REQUEST
                early_header_mutation_extensions:
                  # What a caller says of itself is nothing; every name that something behind may believe is taken off first.
                  - name: envoy.http.early_header_mutation.header_mutation
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation
                      mutations:
${[...CLAIMED_FIELDS, ...OVERRIDING_FIELDS].map((field) => `                        - remove: ${field.toLowerCase()}`).join("\n")}
                route_config:
                  virtual_hosts:
                    - name: ollama
                      domains: ["${plan.name}", "${plan.name}:${plan.bind.port}"]
                      routes:
                        # One route and no exception: a second one for some path would be a way around the first.
                        - match: { prefix: "/" }
${plan.arrangement === "beside" ? besideRoute(plan) : behindRoute()}
                http_filters:
${plan.arrangement === "beside" ? question(plan) : ""}                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
${plan.arrangement === "beside" ? besideClusters(plan) : behindCluster(plan)}`;
}

function besideRoute({ ollama }: ProxyPlan): string {
	return `                          # Ollama needs no credential, and refuses hosts and pages that it does not know.
                          request_headers_to_remove: [${SPENT_FIELDS.map((field) => field.toLowerCase()).join(", ")}]
                          route:
                            cluster: ollama
                            host_rewrite_literal: "${ollama}"
                            # No bound on the whole answer; stream_idle_timeout bounds its silence.
                            timeout: 0s`;
}

function behindRoute(): string {
	return `                          route:
                            cluster: rempart
                            # No bound on the whole answer; stream_idle_timeout bounds its silence.
                            timeout: 0s`;
}

function question({ ask, bodyBytes }: ProxyPlan): string {
	const exact = (indent: string) => (field: string) => `${indent}- exact: ${field.toLowerCase()}`;
	return `                  - name: envoy.filters.http.ext_authz
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
                      transport_api_version: V3
                      # Whoever cannot be asked about does not pass.
                      failure_mode_allow: false
                      status_on_error: { code: ServiceUnavailable }
                      allowed_headers:
                        patterns:
${SHOWN_FIELDS.map(exact("                          ")).join("\n")}
                      with_request_body:
                        max_request_bytes: ${bodyBytes}
                        allow_partial_message: false
                      http_service:
                        server_uri:
                          uri: "http://${ask.socket === null ? ask.authority : "rempart"}"
                          cluster: rempart_ask
                          timeout: 10s
                        path_prefix: /auth/envoy
                        authorization_response:
                          allowed_upstream_headers:
                            patterns:
${GRANTED_FIELDS.map(exact("                              ")).join("\n")}
`;
}

function besideClusters({ ask, ollama, ollamaSecure }: ProxyPlan): string {
	const [askHost, askPort] = parted(ask.authority);
	const [host, port] = parted(ollama);
	const askAddress = ask.socket === null ? address(askHost, askPort) : pipe(ask.socket);
	return `${cluster("rempart_ask", askAddress)}${keepAlive("20s")}${cluster("ollama", address(host, port))}${ollamaSecure ? upstreamTls("/etc/ssl/certs/ca-certificates.crt", host) : ""}`;
}

function behindCluster({ gateway }: ProxyPlan): string {
	const { host, port, tls, socket } = gateway;
	return `${cluster("rempart", socket === null ? address(host, port) : pipe(socket))}${keepAlive("20s")}${tls === null ? "" : upstreamTls(tls.ca, tls.name)}`;
}

function cluster(name: string, where: string): string {
	return `    - name: ${name}
      type: ${where.includes("pipe") || !isName(where) ? "STATIC" : "STRICT_DNS"}
      connect_timeout: 5s
      load_assignment:
        cluster_name: ${name}
        endpoints:
          - lb_endpoints:
              - endpoint: { address: ${where} }
`;
}

/** Whether an address has to be looked up. */
function isName(where: string): boolean {
	return readIpAddress(/address: "([^"]*)"/.exec(where)?.[1] ?? "") === undefined;
}

/** Less than Rempart's limits.keep_alive_timeout. */
function keepAlive(idle: string): string {
	return `      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          # Less than Rempart's limits.keep_alive_timeout, so that nothing goes out on a connection that is being closed.
          common_http_protocol_options: { idle_timeout: ${idle} }
          explicit_http_config: { http_protocol_options: {} }
`;
}

function upstreamTls(ca: string, name: string): string {
	return `      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
          sni: ${name}
          common_tls_context:
            alpn_protocols: [http/1.1]
            validation_context:
              # The certificate is checked, or anything on that port could collect keys.
              trusted_ca: { filename: ${ca} }
              match_typed_subject_alt_names:
                - { san_type: DNS, matcher: { exact: ${name} } }
`;
}

function address(host: string, port: number): string {
	return `{ socket_address: { address: "${host}", port_value: ${port} } }`;
}

function pipe(path: string): string {
	return `{ pipe: { path: ${path} } }`;
}

function parted(authority: string): readonly [host: string, port: number] {
	const colon = authority.lastIndexOf(":");
	return [authority.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), Number(authority.slice(colon + 1))];
}
