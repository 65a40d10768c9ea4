/**
 * Finds what a pure file reads from the world without importing it: the clock, randomness, the environment, timers, the network.
 *
 * Names are looked at as the compiler parses them, so that comments, strings, properties and types are no findings. A local variable of such a name
 * is one all the same; give it another name.
 */
import { readFileSync } from "node:fs";

import ts from "typescript";

export interface ImpureGlobal {
	readonly file: string;
	readonly line: number;
	/** `Date.now`, `setTimeout`. */
	readonly global: string;
}

const NAMES = new Set([
	"process",
	"performance",
	"setTimeout",
	"setInterval",
	"setImmediate",
	"queueMicrotask",
	"fetch",
	"crypto",
	"globalThis",
	"console",
	"navigator",
	"WebSocket",
	"EventSource",
	"BroadcastChannel",
	"Worker",
	"localStorage",
	"require",
	"eval",
	"Function",
]);
const MEMBERS = new Set(["Date.now", "Math.random", "Temporal.Now"]);

export function impureGlobals(file: string): readonly ImpureGlobal[] {
	const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
	const found: ImpureGlobal[] = [];
	const visit = (node: ts.Node): void => {
		const global = globalIn(node);
		if (global !== undefined) found.push({ file, line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1, global });
		// Types name the world without touching it.
		if (!ts.isTypeNode(node)) ts.forEachChild(node, visit);
	};
	visit(source);
	return found;
}

function globalIn(node: ts.Node): string | undefined {
	if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
		const member = `${node.expression.text}.${node.name.text}`;
		if (MEMBERS.has(member)) return member;
	}
	// `new Date(ms)` is arithmetic; `new Date()` and `Date()` read the clock.
	if (
		ts.isNewExpression(node) &&
		ts.isIdentifier(node.expression) &&
		node.expression.text === "Date" &&
		(node.arguments?.length ?? 0) === 0
	)
		return "new Date()";
	if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "Date") return "Date()";
	return ts.isIdentifier(node) && NAMES.has(node.text) && !isName(node) ? node.text : undefined;
}

/** Whether the identifier names a member or a key, which is nobody's global. */
function isName(node: ts.Identifier): boolean {
	const { parent } = node;
	if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
	if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return true;
	const declares =
		ts.isPropertyAssignment(parent) ||
		ts.isMethodDeclaration(parent) ||
		ts.isPropertySignature(parent) ||
		ts.isPropertyDeclaration(parent) ||
		ts.isMethodSignature(parent);
	return declares && parent.name === node;
}
