/**
 * G8: an image is base64 of a PNG, JPEG or WebP of a sane size, and sound is a WAV; never a URL.
 *
 * Needs no rights but inference, so locking the management routes does not help: this is the one crash that every caller could cause.
 */
import { type Attachment, attachmentsOf } from "./attachments.ts";
import { Base64Text } from "./base64-text.ts";
import { imageSizeOf } from "./image-size.ts";
import { definePatch, stop } from "./virtual-patch.ts";

const MAX_SIDE = 16_384;
/** Decoded to four bytes a pixel this is half a gigabyte; a picture of a few kilobytes can claim it. */
const MAX_PIXELS = 134_217_728;

export const images = definePatch({
	id: "VP-G8-images",
	title: "An image that is none, is too large to decode, or lies elsewhere",
	why:
		"Until 0.30.0 Ollama uses the result of an image decoder that failed: one request with a broken image ends the process. " +
		"A small file that claims huge sides takes the memory; a URL makes the server fetch.",
	advisories: ["CVE-2025-15514"],
	since: "0.1.0",
	unless: null,
	operations: null,
	applies(judged) {
		for (const attachment of attachmentsOf(judged)) {
			const fault = faultOf(attachment);
			if (fault !== null) return stop(`${attachment.field}: ${fault}`);
		}
		return null;
	},
});

function faultOf({ kind, base64, problem }: Attachment): string | null {
	if (problem !== null) return problem;
	const content = Base64Text.parse(base64);
	if (content === null) return "is not valid base64";
	if (kind === "audio") {
		const head = content.bytes(0, 12).toString("latin1");
		return head.startsWith("RIFF") && head.endsWith("WAVE") && head.length === 12 ? null : "is not a WAV file";
	}
	const size = imageSizeOf(content);
	if (size === null) return "is not a PNG, JPEG or WebP image";
	const { width, height } = size;
	if (width < 1 || height < 1) return "has no size";
	if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) return `is too large: ${width} x ${height}`;
	return null;
}
