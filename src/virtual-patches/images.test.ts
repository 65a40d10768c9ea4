import { jpegBytes, pngBytes, wavBytes, webpExtendedBytes, webpLossyBytes } from "../../test/support/image-bytes.ts";
import { jsonRequest } from "../../test/support/judged-requests.ts";
import { testPatch } from "../../test/support/patch-cases.ts";
import { images } from "./images.ts";

const chat = (...pictures: readonly (Buffer | string)[]) =>
	jsonRequest("chat", {
		model: "m",
		messages: [{ role: "user", images: pictures.map((picture) => (typeof picture === "string" ? picture : picture.toString("base64"))) }],
	});
const openai = (part: Record<string, string | Record<string, string>>) =>
	jsonRequest("v1-chat-completions", { model: "m", messages: [{ role: "user", content: [part] }] });

testPatch(
	images,
	[
		["no image (CVE-2025-15514)", chat(Buffer.from("not an image")), /not a PNG, JPEG or WebP/],
		["no base64 (CVE-2025-15514)", chat("<not an image>"), /not valid base64/],
		["an empty image", chat(""), /not a PNG/],
		["a URL", chat("https://169.254.169.254/latest"), /not valid base64/],
		["a data URL where none belongs", chat(`data:image/png;base64,${pngBytes(1, 1).toString("base64")}`), /not valid base64/],
		["a broken one behind a good one", chat(pngBytes(1, 1), "AAAA"), /images\[1\]/],
		["a PNG without sides", chat(pngBytes(0, 5)), /has no size/],
		["a JPEG without height", chat(jpegBytes(5, 0)), /has no size/],
		["a PNG that is too wide", chat(pngBytes(16_385, 1)), /too large/],
		["a WebP that is too high", chat(webpExtendedBytes(1, 20_000)), /too large/],
		["a PNG with too many pixels in all", chat(pngBytes(16_384, 16_384)), /too large/],
		["a WAV where an image belongs", chat(wavBytes()), /not a PNG/],
		["a URL in OpenAI's form", openai({ type: "image_url", image_url: { url: "https://example.org/a.png" } }), /not a data URL/],
		[
			"an image where a sound belongs",
			openai({ type: "input_audio", input_audio: { format: "wav", data: pngBytes(1, 1).toString("base64") } }),
			/not a WAV/,
		],
	],
	[
		["images of every kind", chat(pngBytes(16_384, 8192), jpegBytes(640, 480), webpLossyBytes(1, 1))],
		["base64 with line breaks", chat(pngBytes(1, 1).toString("base64").replaceAll(/.{8}/g, "$&\n"))],
		["OpenAI's form", openai({ type: "image_url", image_url: { url: `data:image/png;base64,${pngBytes(1, 1).toString("base64")}` } })],
		["a sound in OpenAI's form", openai({ type: "input_audio", input_audio: { format: "wav", data: wavBytes().toString("base64") } })],
		["a chat without images", jsonRequest("chat", { model: "m", messages: [{ role: "user", content: "hi" }] })],
	],
);
