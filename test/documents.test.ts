/** Documents name what is there: every path in them exists, every link leads somewhere, every npm script and verb that they show is one. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const documents = [
	...globSync("*.md", { cwd: root }),
	...globSync("docs/**/*.md", { cwd: root }),
	...globSync("bench/*.md", { cwd: root }),
];
const scripts = new Set(Object.keys((JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object }).scripts));

/** `src/gateway/pipeline.ts`, `test/attacks/`, `src/quota/*.test.ts`; and the short form of a path below src. */
const PATH = /`((?:src|test|tools|docs|bench|schema)\/[\w./*-]+|(?:gateway|app|wire|http|model|stores)\/[\w./-]+\.ts)`/g;
const LINK = /\]\((?!https?:|#)([^)#]+)\)/g;
const SCRIPT = /npm (?:run (?:--silent )?)?(start|test|setup|check|format|lint|types|layers|generate|bench|mutation|rempart)\b/g;

for (const document of documents) {
	const text = readFileSync(join(root, document), "utf8");

	test(`${document} names only paths that exist`, () => {
		for (const [, path = ""] of text.matchAll(PATH)) {
			const found = path.includes("*")
				? globSync(path, { cwd: root }).length > 0
				: [path, join("src", path)].some((each) => existsSync(join(root, each)));
			assert.ok(found, `${document}: ${path}`);
		}
		for (const [, link = ""] of text.matchAll(LINK)) assert.ok(existsSync(join(root, dirname(document), link)), `${document}: ${link}`);
	});

	test(`${document} shows only scripts that exist`, () => {
		for (const [, script = ""] of text.matchAll(SCRIPT)) assert.ok(scripts.has(script), `${document}: npm run ${script}`);
	});
}
