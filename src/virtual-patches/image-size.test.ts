import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import * as images from "../../test/support/image-bytes.ts";
import { Base64Text } from "./base64-text.ts";
import { type ImageSize, imageSizeOf } from "./image-size.ts";

function sizeOf(bytes: Buffer): ImageSize | null {
	return imageSizeOf(Base64Text.parse(bytes.toString("base64")) ?? assert.fail());
}

const png = images.pngBytes(640, 480);
const refusals: readonly (readonly [what: string, bytes: Buffer])[] = [
	["nothing", Buffer.alloc(0)],
	["text", Buffer.from("this is not an image, whatever its name says")],
	["a GIF", Buffer.from("GIF89a\x40\x01\xf0\x00aaaaaaaaaaaaaaaaaaaaaaaaaa", "latin1")],
	["a PNG cut short in its sides", png.subarray(0, 20)],
	["a PNG whose first chunk is another", Buffer.concat([png.subarray(0, 12), Buffer.from("IDAT"), png.subarray(16)])],
	["a JPEG that ends at once", Buffer.from([0xff, 0xd8, 0xff])],
	["a JPEG whose scan comes first", images.jpegBytes(10, 10, [images.segment(0xda, Buffer.alloc(4))])],
	["a JPEG with a segment of no length", Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
	[
		"a JPEG of a thousand comments",
		images.jpegBytes(
			10,
			10,
			Array.from({ length: 1100 }, () => images.segment(0xfe, Buffer.alloc(1))),
		),
	],
	["a JPEG that loses its place", images.jpegBytes(10, 10, [Buffer.from([0xff, 0xe0, 0, 4, 1, 2, 3, 4])])],
	["a WebP of an unknown kind", Buffer.concat([Buffer.from("RIFF\0\0\0\0WEBPVP9 "), Buffer.alloc(20)])],
	["a lossy WebP without its start code", Buffer.concat([images.webpLossyBytes(9, 9).subarray(0, 23), Buffer.alloc(17)])],
	["a lossless WebP without its signature", Buffer.concat([images.webpLosslessBytes(9, 9).subarray(0, 20), Buffer.alloc(20)])],
	["a WAV", images.wavBytes()],
];

for (const [what, bytes] of refusals) {
	test(`${what} is no image`, () => assert.equal(sizeOf(bytes), null));
}

const permits: readonly (readonly [what: string, bytes: Buffer, size: ImageSize])[] = [
	["a PNG", png, { format: "png", width: 640, height: 480 }],
	["a PNG that claims the utmost", images.pngBytes(0xffffffff, 1), { format: "png", width: 0xffffffff, height: 1 }],
	["a JPEG", images.jpegBytes(640, 480), { format: "jpeg", width: 640, height: 480 }],
	["a JPEG without JFIF", images.jpegBytes(1, 2, []), { format: "jpeg", width: 1, height: 2 }],
	[
		"a JPEG with a large profile, a table and fill bytes",
		images.jpegBytes(3, 4, [images.segment(0xe1, Buffer.alloc(60_000)), images.segment(0xc4, Buffer.alloc(30)), Buffer.from([0xff, 0xff])]),
		{ format: "jpeg", width: 3, height: 4 },
	],
	["a lossy WebP", images.webpLossyBytes(640, 480), { format: "webp", width: 640, height: 480 }],
	["a lossless WebP", images.webpLosslessBytes(16384, 16384), { format: "webp", width: 16384, height: 16384 }],
	["an extended WebP", images.webpExtendedBytes(100_000, 480), { format: "webp", width: 100_000, height: 480 }],
];

for (const [what, bytes, size] of permits) {
	test(`reads the size of ${what}`, () => assert.deepEqual(sizeOf(bytes), size));
}

test("never throws, whatever follows a magic", () => {
	const magics = ["ffd8ff", "ffd8ffe0", "89504e470d0a1a0a0000000d49484452", "5249464600000000574542505650382058"].map((hex) =>
		Buffer.from(hex, "hex"),
	);
	fc.assert(
		fc.property(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 80, size: "max" }), (magic, tail) => {
			const size = sizeOf(Buffer.concat([magic, tail]));
			assert.ok(size === null || (Number.isInteger(size.width) && Number.isInteger(size.height)));
		}),
	);
});
