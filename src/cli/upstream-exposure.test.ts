import assert from "node:assert/strict";
import { test } from "node:test";

import { upstreamExposure } from "./upstream-exposure.ts";

const LOCAL = { text: "http://127.0.0.1:11434", secure: false, host: "127.0.0.1", port: 11_434 };

for (const address of ["0.0.0.0", "::", "10.0.0.7", "::ffff:10.0.0.7"]) {
	test(`an ollama that listens on ${address} can be reached around the gateway`, () => {
		const [found] = upstreamExposure([LOCAL], [{ address, port: 11_434 }]);
		assert.equal(found?.level, "warn");
		assert.ok(found?.text.includes(address));
		assert.match(found?.next ?? "", /OLLAMA_HOST=127\.0\.0\.1/);
	});
}

test("one that listens on loopback and on an interface is open", () => {
	const sockets = ["127.0.0.1", "192.0.2.7"].map((address) => ({ address, port: 11_434 }));
	assert.equal(upstreamExposure([LOCAL], sockets)[0]?.level, "warn");
});

test("nothing is claimed where the system tells nothing, or about another machine", () => {
	assert.equal(upstreamExposure([LOCAL], null)[0]?.level, "warn");
	const [remote] = upstreamExposure([{ text: "http://gpu:11434", secure: false, host: "gpu", port: 11_434 }], []);
	assert.equal(remote?.level, "warn");
	assert.match(remote?.text ?? "", /another machine.*in clear/);
});

test("one on loopback alone is fine, whatever listens on other ports", () => {
	for (const host of ["127.0.0.1", "localhost", "::1"]) {
		const sockets = [
			{ address: "127.0.0.1", port: 11_434 },
			{ address: "0.0.0.0", port: 22 },
		];
		assert.equal(upstreamExposure([{ ...LOCAL, host }], sockets)[0]?.level, "ok");
	}
});
