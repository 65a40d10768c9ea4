import assert from "node:assert/strict";
import { test } from "node:test";
import { originList } from "./origin-list.ts";

const LIST = originList([{ matches: (origin) => origin === "https://app.example" }, { matches: (origin) => origin.startsWith("app://") }]);
const HOST = "gpu.example:11435";

for (const [what, origin, allowed] of [
	["null, which any page can make", "null", false],
	["null in another case", "NULL", false],
	["a stranger's page", "https://evil.example", false],
	["this host without TLS", `http://${HOST}`, false],
	["this host on another port", "https://gpu.example", false],
	["this very host", `https://${HOST}`, true],
	["an origin on the list", "https://app.example", true],
	["an origin on the list in another case", "HTTPS://App.Example", true],
	["an application's own scheme on the list", "app://editor", true],
] as const) {
	test(`${allowed ? "allows" : "refuses"} ${what}`, () => assert.equal(LIST.allows(origin, HOST), allowed));
}

test("an empty list allows the pages of this host alone", () => {
	assert.equal(originList([]).allows("https://app.example", HOST), false);
	assert.equal(originList([]).allows(`https://${HOST}`, HOST), true);
});

test("null is refused whatever the list says", () => {
	assert.equal(originList([{ matches: () => true }]).allows("null", HOST), false);
	assert.equal(originList([{ matches: () => true }]).allows("https://any.example", HOST), true);
});
