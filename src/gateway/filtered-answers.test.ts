import assert from "node:assert/strict";
import { test } from "node:test";

import { Fault } from "../model/fault.ts";
import type { ModelName } from "../model/model-name.ts";
import type { AnswerView } from "../ollama/filters.ts";
import { FilteredAnswers } from "./filtered-answers.ts";

function seeing(...names: readonly string[]): AnswerView & { asked: number } {
	const view = {
		asked: 0,
		mayName: (name: ModelName) => {
			view.asked += 1;
			return names.includes(name.short);
		},
		reveals: () => false,
	};
	return view;
}

function tags(...names: readonly string[]): Buffer {
	return Buffer.from(JSON.stringify({ models: names.map((name) => ({ name, model: name })) }));
}

test("one caller never gets what was remembered for another", () => {
	const answers = new FilteredAnswers();
	const [alice, bob] = [seeing("a:latest"), seeing("b:latest")];
	const body = tags("a:latest", "b:latest");
	for (let again = 0; again < 2; again++) {
		assert.deepEqual(answers.filter("tags", body, alice), tags("a:latest"));
		assert.deepEqual(answers.filter("tags", body, bob), tags("b:latest"));
	}
});

test("another answer, or the same bytes to another question, is cut down anew", () => {
	const answers = new FilteredAnswers();
	const view = seeing("a:latest", "c:latest");
	assert.deepEqual(answers.filter("tags", tags("a:latest", "b:latest"), view), tags("a:latest"));
	assert.deepEqual(answers.filter("tags", tags("a:latest", "c:latest"), view), tags("a:latest", "c:latest"));
	assert.throws(() => answers.filter("v1-models", tags("a:latest", "c:latest"), view), Fault);
});

test("the same answer for the same view is looked at once", () => {
	const answers = new FilteredAnswers();
	const view = seeing("a:latest");
	const first = answers.filter("tags", tags("a:latest"), view);
	const looked = view.asked;
	assert.equal(answers.filter("tags", tags("a:latest"), view), first);
	assert.equal(view.asked, looked);
});

test("remembers sixteen, and no long one", () => {
	const answers = new FilteredAnswers();
	const view = seeing("a:latest");
	const looksAgain = (body: Buffer): boolean => {
		const before = view.asked;
		answers.filter("tags", body, view);
		return view.asked > before;
	};
	for (let other = 0; other < 17; other++) looksAgain(tags("a:latest", `b${other}:latest`));
	assert.equal(looksAgain(tags("a:latest", "b16:latest")), false);
	assert.equal(looksAgain(tags("a:latest", "b0:latest")), true);
	const long = tags("a:latest", ...Array.from({ length: 5_000 }, (_, at) => `long${at}:latest`));
	assert.equal(looksAgain(long), true);
	assert.equal(looksAgain(long), true);
});
