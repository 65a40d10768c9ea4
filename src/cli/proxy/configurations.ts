/** The proxies that a configuration can be printed for. */
import { caddyConfiguration } from "./caddy.ts";
import { envoyConfiguration } from "./envoy.ts";
import { haproxyConfiguration } from "./haproxy.ts";
import { nginxConfiguration } from "./nginx.ts";
import type { ProxyPlan } from "./plan.ts";
import { traefikConfiguration } from "./traefik.ts";

export const CONFIGURATIONS: Readonly<Record<string, (plan: ProxyPlan) => string>> = Object.freeze({
	nginx: nginxConfiguration,
	traefik: traefikConfiguration,
	caddy: caddyConfiguration,
	haproxy: haproxyConfiguration,
	envoy: envoyConfiguration,
});
