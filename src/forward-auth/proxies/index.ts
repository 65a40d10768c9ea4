/** The proxies that may ask, by name. */
import type { AskingProxy } from "../asking-proxy.ts";
import { caddy } from "./caddy.ts";
import { envoy } from "./envoy.ts";
import { haproxy } from "./haproxy.ts";
import { nginx } from "./nginx.ts";
import { traefik } from "./traefik.ts";

export const ASKING_PROXIES: readonly AskingProxy[] = Object.freeze([caddy, envoy, haproxy, nginx, traefik]);
