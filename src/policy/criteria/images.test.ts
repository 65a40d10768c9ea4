import assert from "node:assert/strict";
import { test } from "node:test";

import { outcomeOf } from "../../../test/support/criterion-cases.ts";
import { bareRequest, jsonRequest } from "../../../test/support/judged-requests.ts";
import { policyWith } from "../../../test/support/policies.ts";
import { images } from "./images.ts";

const policy = policyWith({ parameters: { imagesMax: 2, imageBytesMax: 10, onExcess: "clamp" } });
const of = (bytes: number) => Buffer.alloc(bytes).toString("base64");
const chat = (...pictures: readonly string[]) => jsonRequest("chat", { model: "m", messages: [{ images: pictures }] });

test("refuses more images than the role allows, in one message or many, even where it clamps (parameter-denied)", () => {
	assert.equal(outcomeOf(images, policy, chat(of(1), of(1), of(1))), "parameter-denied: 3 images are more than 2");
	const spread = jsonRequest("chat", { model: "m", messages: [1, 2, 3].map(() => ({ images: [of(1)] })) });
	assert.equal(outcomeOf(images, policy, spread), "parameter-denied: 3 images are more than 2");
});

test("refuses a larger image than the role allows", () => {
	assert.equal(outcomeOf(images, policy, chat(of(1), of(11))), "parameter-denied: messages[0].images[1] has more than 10 bytes");
});

test("refuses in every dialect", () => {
	const url = `data:image/png;base64,${of(11)}`;
	const openai = jsonRequest("v1-chat-completions", { messages: [{ content: [{ type: "image_url", image_url: { url } }] }] });
	const anthropic = jsonRequest("v1-messages", { messages: [{ content: [{ type: "image", source: { type: "base64", data: of(11) } }] }] });
	for (const request of [openai, anthropic])
		assert.match(outcomeOf(images, policy, request), /^parameter-denied: .* has more than 10 bytes$/);
});

test("a role may allow none", () => {
	assert.match(outcomeOf(images, policyWith({ parameters: { imagesMax: 0 } }), chat(of(1))), /^parameter-denied/);
});

test("passes images within the bounds, whatever their padding, and requests without any", () => {
	for (const bytes of [0, 1, 8, 9, 10]) assert.equal(outcomeOf(images, policy, chat(of(bytes), of(bytes))), "pass");
	assert.equal(outcomeOf(images, policy, chat()), "pass");
	assert.equal(outcomeOf(images, policy, bareRequest("tags")), "pass");
});
