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
	/** Fields beyond those of every request. */
	readonly fields: readonly (readonly [name: string, value: string])[];
	/** The proxy writes answers anew: judged by what they say and not by their bytes. */
	readonly rewritten: boolean;
	/** Callers with a connection each; each has one request running at any time. */
	readonly connections: number;
	readonly warmUpMs: number;
	readonly windowMs: number;
	/** Whose CPU time is read, in the same instant in which requests and tokens are counted. */
	readonly proxy: { readonly pid: number; readonly core: number };
	readonly upstream: { readonly pid: number };
	/** The core of this process and of the upstream. */
	readonly loadCore: number;
	/** Who asks for all that has no pace; null for the load generator itself. */
	readonly wrk: { readonly program: string /** Where its script may be written. */; readonly folder: string } | null;
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
	/** Wall time in ms of a request; of streams, where callers of the bench read them, between two reads. */
	readonly waitMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

export type Reply = { readonly measurement: Measurement } | { readonly error: string };
