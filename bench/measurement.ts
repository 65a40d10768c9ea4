/** What the bench asks of its load generator, and what that answers: one line of JSON each way. */
import type { Workload } from "./scripted.ts";

export interface Job {
	readonly workload: Workload;
	readonly host: string;
	readonly port: number;
	/** PEM file of the certificate to trust; null for clear text. */
	readonly trusted: string | null;
	/** Value of the Authorization field. */
	readonly authorization: string;
	/** Callers with a connection each; each has one request running at any time. */
	readonly connections: number;
	readonly warmUpMs: number;
	readonly windowMs: number;
	/** Whose CPU time is read, in the same instant in which requests and tokens are counted. */
	readonly proxy: { readonly pid: number; readonly core: number };
	readonly upstream: { readonly pid: number };
	/** The core of this process and of the upstream. */
	readonly loadCore: number;
}

/** One window of one workload against one proxy. Times are CPU times unless they say otherwise. */
export interface Measurement {
	/** Whole requests, or tokens of streams. */
	readonly units: number;
	readonly windowUs: number;
	readonly proxyUs: number;
	readonly loadUs: number;
	readonly upstreamUs: number;
	/** All that ran on the core, whoever it was, and what the hypervisor took. */
	readonly proxyCore: { readonly busyUs: number; readonly stolenUs: number };
	readonly loadCore: { readonly busyUs: number; readonly stolenUs: number };
	/** Wall time in ms of a request, or between two reads of a stream. */
	readonly waitMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

export type Reply = { readonly measurement: Measurement } | { readonly error: string };
