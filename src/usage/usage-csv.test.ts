import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { csvText, seconds, usageCsv } from "./usage-csv.ts";
import { noSums } from "./usage-sums.ts";

for (const formula of [
	"=1+1",
	"+1",
	"-1",
	"@SUM(A1)",
	"\tx",
	"\r=1",
	"  =cmd|' /C calc'!A0",
	"\n=1",
	"\u200b=1",
	"\ufeff=1",
	"\0-1",
	"＝1+1",
	"＠SUM(A1)",
	'=HYPERLINK("http://evil.example")',
])
	test(`a name that begins like ${JSON.stringify(formula)} is no formula in a spreadsheet`, () => assert.match(csvText(formula), /^"'/));

test("quotation marks are doubled, and every text is quoted", () => {
	assert.equal(csvText('a "b", c'), '"a ""b"", c"');
	assert.equal(csvText("llama3.2:latest"), '"llama3.2:latest"');
});

test("whatever a name holds, a reader of CSV finds it as one cell that no spreadsheet runs", () => {
	fc.assert(
		fc.property(fc.string(), (name) => {
			const cell = csvText(name);
			const read = cell.slice(1, -1).replaceAll('""', '"');
			assert.ok(read === name || read === `'${name}`);
			assert.doesNotMatch(read.trimStart(), /^[=+\-@]/);
			assert.doesNotMatch(cell.slice(1, -1).replaceAll('""', ""), /"/);
		}),
	);
});

test("seconds are exact", () => {
	assert.deepEqual([0, 1, 999_999, 1_000_000, 61_000_001].map(seconds), ["0.000000", "0.000001", "0.999999", "1.000000", "61.000001"]);
});

test("a report is one line of names, its lines, and the totals with what proves them", () => {
	const sums = { ...noSums(), requests: 2, inputTokens: 10, gpuUs: 1_500_000 };
	const checkpoint = { number: 4, seq: 9, at: 1, hash: "ab", signature: "cd" };
	const record = { chain: "c", fromSeq: 2, toSeq: 8, countedSeq: 9, uncounted: 0, checkpoint };
	const csv = usageCsv({ by: "key", lines: [{ of: "ab12cd34", name: "=evil", cost: 1.25, ...sums }], totals: sums, cost: 1.25, record });
	assert.deepEqual(csv.split("\r\n"), [
		"key,name,requests,refused,faults,aborted,input_tokens,output_tokens,gpu_seconds,wall_seconds,bytes_in,bytes_out,estimated,untimed,cost,chain,from_seq,to_seq,checkpoint,checkpoint_seq,checkpoint_hash",
		`"ab12cd34","'=evil",2,0,0,0,10,0,1.500000,0.000000,0,0,0,0,1.250000,,,,,,`,
		'"total",,2,0,0,0,10,0,1.500000,0.000000,0,0,0,0,1.250000,"c",2,8,4,9,"ab"',
		"",
	]);
	assert.match(
		usageCsv({ by: "day", lines: [], totals: sums, cost: null, record: { ...record, checkpoint: null } }),
		/,0,,"c",2,8,,,\r\n$/,
	);
});
