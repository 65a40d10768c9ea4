import assert from "node:assert/strict";
import { test } from "node:test";

import type { Figure } from "./figure.ts";
import { digits, figureTable, spreadText, table } from "./table.ts";

const RATIO: Figure = {
	id: "chat-cpu/nginx",
	what: "CPU",
	value: 1.4567,
	unit: "×",
	spread: [1.2, 12.34],
	atLeast: 1.8,
	aim: 1.3,
	better: "less",
	detail: null,
};

test("columns are as wide as their widest cell", () => {
	assert.deepEqual(table(["a", "b"], [["long", "1"]]), ["| a    | b |", "| ---- | - |", "| long | 1 |"]);
});

test("a figure shows its spread, both bounds with their direction, and its verdict", () => {
	const rows = [
		RATIO,
		{ ...RATIO, value: 2 },
		{ ...RATIO, value: 1 },
		{ ...RATIO, value: 40, unit: "MB", spread: null, atLeast: null, aim: null },
		{ ...RATIO, value: 21, better: "more", atLeast: 20, aim: 40 },
	] as const;
	assert.deepEqual(
		figureTable(rows)
			.slice(2)
			.map((line) => line.split("|").map((cell) => cell.trim())),
		[
			["", "CPU", "1.46× [1.20–12.3]", "≤ 1.8×", "≤ 1.3×", "met", ""],
			["", "CPU", "2.00× [1.20–12.3]", "≤ 1.8×", "≤ 1.3×", "**missed**", ""],
			["", "CPU", "1.00× [1.20–12.3]", "≤ 1.8×", "≤ 1.3×", "aim reached", ""],
			["", "CPU", "40.0 MB", "–", "–", "–", ""],
			["", "CPU", "21.0× [1.20–12.3]", "≥ 20×", "≥ 40×", "met", ""],
		],
	);
});

test("numbers have the digits that count", () => {
	assert.deepEqual([0.034, 1.556, 12.34, 123.4, 12_345.6, -250].map(digits), ["0.03", "1.56", "12.3", "123", "12346", "-250"]);
	assert.equal(spreadText({ median: 2, least: 1, most: 3 }, "ms"), "2.00 ms [1.00–3.00]");
});
