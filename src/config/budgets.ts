/** Budgets by name, and what things cost. A limit is written in whole things (tokens, seconds, units of money) and read into the smallest that counts. */
import * as z from "zod";

import {
	BUDGET_PERIODS,
	BUDGET_SCOPES,
	BUDGET_UNITS,
	type BudgetSpec,
	type BudgetUnit,
	ON_EXHAUSTED,
	type Price,
} from "../model/budget-spec.ts";
import { positive } from "./values/amount-number.ts";
import { IDENTIFIER, readIdentifier } from "./values/identifier.ts";
import { joined, wrongType } from "./values/mistake.ts";
import { modelPattern, readModelPattern } from "./values/model-pattern.ts";
import { listOf, oneOf } from "./values/plain.ts";
import { section } from "./values/section.ts";
import { textValue } from "./values/text-value.ts";

/** Above this, sums of the smallest things would not be exact. */
const LIMIT_MAX = 9e15;
const BUDGETS_MAX = 1_000;

/** Smallest things in one of what is written. */
const FINENESS: Readonly<Record<BudgetUnit, number>> = {
	requests: 1,
	concurrent: 1,
	input_tokens: 1,
	output_tokens: 1,
	tokens: 1,
	gpu_seconds: 1e6,
	money: 1e9,
};

const name = () =>
	textValue<string>({
		title: "name",
		noun: "a name",
		hint: "write the name as it stands where it was given",
		read: (text) =>
			text !== "" && text.length <= 256 ? { value: text } : { message: "the name is empty or too long", hint: "leave it out" },
	});

const selectorSection = section({
	roles: listOf(name(), { min: 1, max: 1_000 })
		.optional()
		.meta({ description: "Only requests of these roles.", example: ["user"] }),
	keys: listOf(name(), { min: 1, max: 10_000 })
		.optional()
		.meta({
			description: "Only requests of these keys or other principals, by id.",
			example: ["ab12cd34"],
		}),
	groups: listOf(name(), { min: 1, max: 1_000 })
		.optional()
		.meta({ description: "Only requests of members of one of these groups.", example: ["research"] }),
	models: listOf(modelPattern(), { min: 1, max: 1_000 })
		.optional()
		.meta({ description: "Only requests for models that match; a name without a tag means every tag.", example: ["*:70b*"] }),
}).transform(({ roles = null, keys = null, groups = null, models = null }) => ({ roles, keys, groups, models }));

const budgetSection = section({
	scope: oneOf(BUDGET_SCOPES).prefault("key").meta({
		description:
			"Whose use is counted together. key: each API key by itself. principal: each key, user or certificate. group: the members of each group. model: all that use a model. network: all from one IPv4 address or IPv6 /64. everyone: all.",
	}),
	for: selectorSection.prefault({}).meta({ description: "Whom and what the budget concerns; all that is given must hold." }),
	unit: oneOf(BUDGET_UNITS).meta({
		description:
			"What is counted. requests and concurrent: inference, management and cloud functions. tokens: of prompt and answer. gpu_seconds: loading, reading the prompt and answering, divided among requests that run at the same time. money: by prices.",
		example: "tokens",
	}),
	limit: positive({ max: LIMIT_MAX }).meta({
		description: "How much: requests, tokens, seconds, or units of your currency.",
		example: 100_000,
	}),
	per: oneOf(BUDGET_PERIODS).optional().meta({
		description: "In what time. second and minute are rates, which refill all the time; the rest renew. Not for concurrent.",
		example: "day",
	}),
	window: oneOf(["calendar", "rolling"]).prefault("calendar").meta({
		description:
			"With calendar it renews with the hour, at midnight, on Monday, on the first of the month, in usage.time_zone; with rolling it counts the last 60 minutes, 24 hours, 7 days or 30 days.",
	}),
	on_exhausted: oneOf(ON_EXHAUSTED).prefault("refuse").meta({
		description:
			"What happens when it is used up. refuse: a request is let in where its whole estimate fits. cut: where anything fits, and its answer ends where the budget ends. finish: where anything fits, and its answer runs to its own end.",
		risk: "With finish a budget is passed by whatever the last answers still make.",
	}),
})
	.superRefine(({ unit, per, limit }, context) => {
		const say = (path: string, message: string, hint: string): void => {
			context.addIssue({ code: "custom", path: [path], message: joined({ message, hint }) });
		};
		if (unit === "concurrent" && per !== undefined)
			say("per", "does not go with concurrent, which counts what runs at this moment", "leave it out");
		if (unit !== "concurrent" && per === undefined) say("per", "is missing", `write one of ${BUDGET_PERIODS.join(", ")}`);
		if (limit * FINENESS[unit] > LIMIT_MAX) say("limit", `${limit} is out of range`, `write ${LIMIT_MAX / FINENESS[unit]} at most`);
		if (FINENESS[unit] === 1 && !Number.isInteger(limit)) say("limit", `${limit} is not a whole number`, `write ${Math.ceil(limit)}`);
	})
	.transform(({ scope, for: selector, unit, limit, per = null, window, on_exhausted }) => ({
		scope,
		for: selector,
		unit,
		limit: Math.floor(limit * FINENESS[unit]),
		per,
		window,
		onExhausted: on_exhausted,
	}));

const priceSection = section({
	input: positive({ max: 1e6, zero: true }).prefault(0).meta({ description: "For a million tokens of prompts." }),
	output: positive({ max: 1e6, zero: true }).prefault(0).meta({ description: "For a million tokens of answers." }),
	gpu_second: positive({ max: 1e6, zero: true }).prefault(0).meta({ description: "For a second of GPU." }),
}).transform(({ input, output, gpu_second }): Price => ({ input: input * 1_000, output: output * 1_000, gpuSecond: gpu_second * 1e9 }));

export const budgetsSection = z
	.record(z.string().meta({ pattern: IDENTIFIER.source }), budgetSection, {
		error: ({ input }) =>
			joined(wrongType(input, "a mapping of budgets", "write each budget's name, a colon, and its settings indented below")),
	})
	.superRefine(
		(budgets, context) => {
			const names = Object.keys(budgets);
			for (const each of names) {
				const reading = readIdentifier(each);
				if (!("value" in reading)) context.addIssue({ code: "custom", path: [each], message: joined(reading), params: { at: "key" } });
			}
			if (names.length > BUDGETS_MAX)
				context.addIssue({
					code: "custom",
					path: [],
					message: joined({ message: `${names.length} are too many`, hint: `write ${BUDGETS_MAX} budgets at most` }),
				});
		},
		{ when: ({ value }) => typeof value === "object" && value !== null && !Array.isArray(value) },
	)
	.transform((budgets): readonly BudgetSpec[] => Object.entries(budgets).map(([each, budget]) => ({ name: each, ...budget })));

export const pricesSection = z
	.record(z.string(), priceSection, {
		error: ({ input }) => joined(wrongType(input, "a mapping of prices", "write a model pattern, a colon, and its prices indented below")),
	})
	.superRefine(
		(prices, context) => {
			for (const pattern of Object.keys(prices)) {
				const reading = readModelPattern(pattern);
				if (!("value" in reading)) context.addIssue({ code: "custom", path: [pattern], message: joined(reading), params: { at: "key" } });
			}
		},
		{ when: ({ value }) => typeof value === "object" && value !== null && !Array.isArray(value) },
	)
	.transform((prices): readonly (readonly [models: string, price: Price])[] =>
		Object.entries(prices).map(([pattern, price]) => [pattern.toLowerCase(), price]),
	);
