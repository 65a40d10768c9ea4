/**
 * Reads from one line of the event log what it adds to the usage.
 *
 *  - Only `request-ended` and `refusals-summarised` add anything: each request has one of the first, or is in one of the second.
 *  - A model's name counts where a model answered. A name that a caller made up must not become a line of the operator's bill.
 */
import { DIALECTS, type Dialect, OPERATION_CLASSES, type OperationClass } from "../model/operation-class.ts";
import { type MutableSums, noSums } from "./usage-sums.ts";

/** Whose row a line adds to, of its day. */
export interface CountedWho {
	readonly principal: string | null;
	/** JSON text of the list; "" for none. */
	readonly groups: string;
	readonly model: string | null;
	readonly class: OperationClass | null;
	readonly dialect: Dialect | null;
}

export interface CountedLine {
	/** Unix ms. */
	readonly at: number;
	readonly who: CountedWho;
	readonly sums: Readonly<MutableSums>;
}

/** How such lines begin: the writer puts the type first. */
export const ENDED = '{"type":"request-ended",';
export const SUMMARISED = '{"type":"refusals-summarised",';

/** Null for a line that adds nothing. */
export function countedLine(line: string): CountedLine | null {
	if (line.startsWith(ENDED)) return endedOf(recordIn(line));
	return line.startsWith(SUMMARISED) ? refusalsOf(recordIn(line)) : null;
}

/** Of a text that `QuickLine` or `whoText` made. */
export function whoIn(who: string): CountedWho {
	return whoOf(recordIn(who) ?? {}, true);
}

/** As JSON, the principal first. */
export function whoText({ groups, ...who }: CountedWho): string {
	return JSON.stringify({ principal: who.principal, groups: groupsIn(groups), class: who.class, dialect: who.dialect, model: who.model });
}

/** As `CountedWho` and the table have them; null for none. */
export function groupsIn(text: string): readonly string[] | null {
	if (text === "") return null;
	const groups: unknown = JSON.parse(text);
	return Array.isArray(groups) ? groups.filter((group) => typeof group === "string") : null;
}

interface Ended {
	readonly outcome: string;
	readonly durationMs: number;
	readonly bytesIn: number;
	readonly bytesOut: number;
	readonly usage: {
		readonly promptTokens: number;
		readonly outputTokens: number;
		readonly loadNs: number | null;
		readonly promptNs: number | null;
		readonly evalNs: number | null;
		readonly estimated: boolean;
	} | null;
	readonly gpuTimeUs: number;
}

function sumsOf(ended: Ended): MutableSums {
	const { outcome, usage, gpuTimeUs } = ended;
	const sums = noSums();
	sums.requests = 1;
	if (outcome === "refused") sums.refused = 1;
	else if (outcome === "fault") sums.faults = 1;
	else if (outcome === "abandoned" || outcome === "cut") sums.aborted = 1;
	sums.wallUs = Math.round(ended.durationMs * 1_000);
	sums.bytesIn = ended.bytesIn;
	sums.bytesOut = ended.bytesOut;
	sums.gpuUs = gpuTimeUs;
	const isTimed = usage !== null && (usage.loadNs !== null || usage.promptNs !== null || usage.evalNs !== null);
	if (gpuTimeUs > 0 && !isTimed) sums.untimed = 1;
	if (usage !== null) {
		sums.inputTokens = usage.promptTokens;
		sums.outputTokens = usage.outputTokens;
		if (usage.estimated) sums.estimated = 1;
	}
	return sums;
}

export function answered(hasUsage: boolean, outcome: string, status: number): boolean {
	return hasUsage || (outcome === "completed" && status < 400);
}

function endedOf(record: Fields | null): CountedLine | null {
	if (record === null || typeof record["at"] !== "number") return null;
	const usage = fieldsOf(record["usage"]);
	const outcome = textOf(record["outcome"]) ?? "";
	const status = countOf(record["status"]);
	const sums = sumsOf({
		outcome,
		durationMs: durationOf(record["durationMs"]),
		bytesIn: countOf(record["bytesIn"]),
		bytesOut: countOf(record["bytesOut"]),
		usage:
			usage === null
				? null
				: {
						promptTokens: countOf(usage["promptTokens"]),
						outputTokens: countOf(usage["outputTokens"]),
						loadNs: countOrNull(usage["loadNs"]),
						promptNs: countOrNull(usage["promptNs"]),
						evalNs: countOrNull(usage["evalNs"]),
						estimated: usage["estimated"] === true,
					},
		gpuTimeUs: countOf(record["gpuTimeUs"]),
	});
	return { at: record["at"], who: whoOf(record, answered(usage !== null, outcome, status)), sums };
}

function whoOf(record: Fields, hasAnswered: boolean): CountedWho {
	const groups = Array.isArray(record["groups"]) ? record["groups"].filter((group) => typeof group === "string") : [];
	return {
		principal: textOf(record["principal"]),
		groups: groups.length === 0 ? "" : JSON.stringify(groups),
		model: hasAnswered ? textOf(record["model"]) : null,
		class: OPERATION_CLASSES.find((one) => one === record["class"]) ?? null,
		dialect: DIALECTS.find((one) => one === record["dialect"]) ?? null,
	};
}

const NOBODY: CountedWho = { principal: null, groups: "", model: null, class: null, dialect: null };

function refusalsOf(record: Fields | null): CountedLine | null {
	if (record === null || typeof record["at"] !== "number") return null;
	const sums = noSums();
	sums.requests = countOf(record["count"]);
	sums.refused = sums.requests;
	return { at: record["at"], who: NOBODY, sums };
}

type Fields = Readonly<Record<string, unknown>>;

function recordIn(line: string): Fields | null {
	return fieldsOf(JSON.parse(line));
}

function fieldsOf(value: unknown): Fields | null {
	return isFields(value) ? value : null;
}

function isFields(value: unknown): value is Fields {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
	return typeof value === "string" ? value : null;
}

function countOrNull(value: unknown): number | null {
	return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function countOf(value: unknown): number {
	return countOrNull(value) ?? 0;
}

function durationOf(value: unknown): number {
	return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
