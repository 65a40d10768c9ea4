/**
 * Puts a JSON object into the fields of a request the way Go does.
 *
 *  - Keys match without regard to case (`ſ` counts as `s`, the Kelvin sign as `k`); of several spellings the later wins; null leaves a field as it was.
 *  - A wrong type is an error in Go's words; unknown keys are ignored.
 */
import { JsonProblem, plain, readFirstValue, type Tree } from "./go-json.ts";

/** The Go type of a field, as its error messages name it. */
export type GoType = "string" | "bool" | "int" | "float64" | "map[string]interface {}" | "any" | `[]${string}` | "api.Tools";

export interface Shape {
	/** The Go struct's name and its package, for messages. */
	readonly struct: string;
	readonly package: string;
	readonly fields: Readonly<Record<string, GoType>>;
}

/** Fields that were sent and are not null. */
export class Bound {
	readonly #values: ReadonlyMap<string, unknown>;

	constructor(values: ReadonlyMap<string, unknown>) {
		this.#values = values;
	}

	any(name: string): unknown {
		return this.#values.get(name) ?? null;
	}

	string(name: string): string {
		const value = this.any(name);
		return typeof value === "string" ? value : "";
	}

	/** Null when it was not sent. */
	bool(name: string): boolean | null {
		const value = this.any(name);
		return typeof value === "boolean" ? value : null;
	}

	number(name: string): number | null {
		const value = this.any(name);
		return typeof value === "number" ? value : null;
	}

	list(name: string): readonly unknown[] {
		const value = this.any(name);
		return Array.isArray(value) ? value : [];
	}

	record(name: string): Readonly<Record<string, unknown>> {
		return recordOf(this.any(name));
	}
}

/** Throws JsonProblem. */
export function bind(body: Buffer, shape: Shape): Bound {
	const tree = readFirstValue(body);
	if (tree.kind === "null") return new Bound(new Map());
	if (tree.kind !== "object")
		throw new JsonProblem(`json: cannot unmarshal ${nameOf(tree)} into Go value of type ${shape.package}.${shape.struct}`);
	const names = new Map(Object.keys(shape.fields).map((name) => [fold(name), name]));
	const values = new Map<string, unknown>();
	let problem: JsonProblem | undefined;
	for (const [key, value] of tree.entries) {
		const name = names.get(fold(key));
		if (name === undefined || value.kind === "null") continue;
		const type = shape.fields[name] ?? "any";
		const wrong = mismatch(value, type);
		if (wrong === null) values.set(name, plain(value));
		else
			problem ??= new JsonProblem(
				`json: cannot unmarshal ${wrong.found} into Go struct field ${shape.struct}.${name} of type ${wrong.type}`,
			);
	}
	if (problem !== undefined) throw problem;
	return new Bound(values);
}

/** A value's members where it is an object, else none. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
	return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string {
	return typeof value === "string" ? value : "";
}

function mismatch(value: Tree, type: GoType): { readonly found: string; readonly type: string } | null {
	const large = numberOutOfRange(value);
	if (large !== null && type !== "int") return { found: `number ${large}`, type: "float64" };
	if (type === "any") return null;
	if (type.startsWith("[]") || type === "api.Tools")
		return value.kind === "array" ? elementMismatch(value.items, type) : { found: nameOf(value), type };
	if (type === "map[string]interface {}") return value.kind === "object" ? null : { found: nameOf(value), type };
	if (type === "int" && value.kind === "number") return /^-?[0-9]+$/.test(value.raw) ? null : { found: `number ${value.raw}`, type };
	const kinds = { string: "string", bool: "bool", int: "number", float64: "number" } as const;
	return isScalar(type) && value.kind === kinds[type] ? null : { found: nameOf(value), type };
}

function elementMismatch(items: readonly Tree[], type: string): { readonly found: string; readonly type: string } | null {
	if (type !== "[]int" && type !== "[]string") return null;
	for (const item of items) {
		const wrong = mismatch(item, type === "[]int" ? "int" : "string");
		if (wrong !== null) return wrong;
	}
	return null;
}

function isScalar(type: GoType): type is "string" | "bool" | "int" | "float64" {
	return type === "string" || type === "bool" || type === "int" || type === "float64";
}

/** The first number in a value that no double holds. */
function numberOutOfRange(value: Tree): string | null {
	const left: Tree[] = [value];
	for (let tree = left.pop(); tree !== undefined; tree = left.pop()) {
		if (tree.kind === "number" && !Number.isFinite(Number(tree.raw))) return tree.raw;
		if (tree.kind === "array") left.push(...tree.items);
		if (tree.kind === "object") for (const [, member] of tree.entries) left.push(member);
	}
	return null;
}

function nameOf(tree: Tree): string {
	return tree.kind;
}

function fold(key: string): string {
	return key.toLowerCase().replaceAll("\u017f", "s").replaceAll("\u212a", "k");
}
