import assert from "node:assert/strict";
import { test } from "node:test";

import { connectionOption } from "./connection-options.ts";

for (const value of ["", " ", ",", "close,", ",close", "close,,keep-alive", "close keep-alive", '"close"', "close;q=1", "x_y"]) {
	test(`is malformed: "${value}"`, () => assert.equal(connectionOption(value), undefined));
}

for (const [value, option] of [
	["close", "close"],
	["Close", "close"],
	["keep-alive", "keep-alive"],
	["Keep-Alive , x", "keep-alive"],
	["keep-alive, close", "close"],
	["X-Forwarded-For", null],
	["closed", null],
	["Upgrade,\tHTTP2-Settings", "upgrade"],
	["keep-alive, upgrade", "upgrade"],
	["upgrade, close", "close"],
	["x,\tHTTP2-Settings", null],
] as const) {
	test(`"${value}" means ${option ?? "nothing for the connection"}`, () => assert.equal(connectionOption(value), option));
}

test("white space costs no more than its length", () => {
	assert.equal(connectionOption(`a${" ".repeat(1_000_000)}b`), undefined);
});
