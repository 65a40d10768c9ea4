/** What is measured: a proxy that listens, and how a caller gets past it. */
import type { CertificateFiles } from "./certificate.ts";
import type { Children } from "./children.ts";

export const TARGET_NAMES = ["nginx", "nginx-log", "rempart", "nginx-tls", "rempart-tls"] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

export interface Target {
	readonly name: TargetName;
	readonly pid: number;
	readonly host: string;
	readonly port: number;
	/** PEM file of the certificate to trust; null for clear text. */
	readonly trusted: string | null;
	readonly authorization: string;
}

export interface Surroundings {
	readonly children: Children;
	/** A directory of the run's own, deleted after it. */
	readonly folder: string;
	readonly core: number;
	readonly upstreamPort: number;
	readonly certificate: CertificateFiles;
}
