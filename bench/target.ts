/** What is measured: a proxy that listens, and how a caller gets past it. */
import type { CertificateFiles } from "./certificate.ts";
import type { Children } from "./children.ts";

export const TARGET_NAMES = [
	"nginx",
	"nginx-log",
	"nginx-apr1",
	"nginx-bcrypt",
	"haproxy",
	"caddy",
	"portkey",
	"litellm",
	"rempart",
	"nginx-tls",
	"rempart-tls",
] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

export interface Target {
	readonly name: TargetName;
	readonly pid: number;
	readonly host: string;
	readonly port: number;
	/** PEM file of the certificate to trust; null for clear text. */
	readonly trusted: string | null;
	readonly authorization: string;
	/** What else it must be told with each request. */
	readonly fields: readonly (readonly [name: string, value: string])[];
	/** It writes answers anew, as gateways between dialects do, instead of passing them on. */
	readonly rewritten: boolean;
	/** As many callers and streams as it can bear; more would measure its queue. Null where the bench's own numbers are fine. */
	readonly most: { readonly connections: number; readonly streams: number } | null;
	readonly stop: () => Promise<void>;
}

export interface Surroundings {
	readonly children: Children;
	/** A directory of the run's own, deleted after it. */
	readonly folder: string;
	readonly core: number;
	readonly upstreamPort: number;
	readonly certificate: CertificateFiles;
}
