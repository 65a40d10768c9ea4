import assert from "node:assert/strict";
import { test } from "node:test";

import { type Figure, type Verdict, verdictOf } from "./figure.ts";

const FIGURE: Figure = { id: "f", what: "f", value: 0, unit: "×", spread: null, atLeast: 1.8, aim: 1.3, better: "less", detail: null };

const cases: readonly (readonly [verdict: Verdict, when: string, figure: Partial<Figure>])[] = [
	["missed", "less is better and the value is above the bound", { value: 1.81 }],
	["missed", "more is better and the value is below the bound", { value: 19.9, better: "more", atLeast: 20, aim: 40 }],
	["missed", "the value is not a number", { value: Number.NaN }],
	["missed", "the value is not a number and more is better", { value: Number.NaN, better: "more" }],
	["met", "the value is the bound", { value: 1.8 }],
	["met", "it is between bound and aim", { value: 30, better: "more", atLeast: 20, aim: 40 }],
	["met", "there is no aim", { value: 0, aim: null }],
	["aim", "the value is the aim", { value: 1.3 }],
	["aim", "it is beyond the aim", { value: 41, better: "more", atLeast: 20, aim: 40 }],
	["aim", "there is an aim only and it is reached", { value: 1, atLeast: null }],
	["no-bound", "there is an aim only and it is not reached", { value: 9, atLeast: null }],
	["no-bound", "there is no bound at all", { value: Number.NaN, atLeast: null, aim: null }],
];

for (const [verdict, when, figure] of cases) {
	test(`is ${verdict} when ${when}`, () => {
		assert.equal(verdictOf({ ...FIGURE, ...figure }), verdict);
	});
}
