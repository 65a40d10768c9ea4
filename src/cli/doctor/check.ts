/**
 * A check of `doctor`: one question about this installation, its answer, and what to do about it.
 *
 *  - A check looks and changes nothing.
 *  - It answers for every state of the world: a check that throws is a failed check, said so by the runner.
 */
import type { ServerStatus } from "../../admin/admin-deps.ts";
import type { Config } from "../../config/config.ts";
import type { Problem } from "../../config/problem.ts";
import type { Surroundings } from "../surroundings.ts";

export interface Check {
	/** Permanent, kebab-case. */
	readonly id: string;
	/** What it stands for, in a list. */
	readonly title: string;
	examine(patient: Patient): Promise<readonly Finding[]> | readonly Finding[];
}

export interface Finding {
	/** skipped: cannot be asked at present, and why. */
	readonly level: "ok" | "warn" | "fail" | "skipped";
	readonly text: string;
	/** What to do; null where nothing need be done. */
	readonly next: string | null;
}

/** What every check may look at. */
export interface Patient {
	readonly surroundings: Surroundings;
	readonly stateDirectory: string;
	readonly configFile: string | null;
	/** Null where it is not sound; checks then look at what does not depend on it. */
	readonly config: Config | null;
	readonly configProblems: readonly Problem[];
	/** SHA-256 of the file's text; null where it is not sound. */
	readonly configDigest: string | null;
	/** Of the running server; null where none runs. */
	readonly server: ServerStatus | null;
}

export function ok(text: string): Finding {
	return { level: "ok", text, next: null };
}

export function warn(text: string, next: string): Finding {
	return { level: "warn", text, next };
}

export function fail(text: string, next: string): Finding {
	return { level: "fail", text, next };
}

export function skipped(text: string): Finding {
	return { level: "skipped", text, next: null };
}

export function defineCheck(check: Check): Check {
	return Object.freeze(check);
}
