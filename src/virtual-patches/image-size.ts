/**
 * What kind of picture some bytes are and how large it claims to be: PNG, JPEG or WebP, else null.
 *
 *  - Only headers are read, through a reader with random access; nothing is decoded and no more than `MAX_SEGMENTS` places are looked at.
 *  - Sources: PNG (ISO 15948) §11.2.2 IHDR; JPEG (ITU T.81) annex B; WebP container specification and RFC 9649; RFC 6386 §9.1 for VP8.
 */
export interface ImageSize {
	readonly format: "png" | "jpeg" | "webp";
	readonly width: number;
	readonly height: number;
}

export interface BytesAt {
	readonly byteLength: number;
	bytes(offset: number, length: number): Buffer;
}

/** Segments of a JPEG before its frame header; real pictures have some dozens (a large colour profile is split into many). */
const MAX_SEGMENTS = 1024;

const PNG_HEAD = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);

export function imageSizeOf(image: BytesAt): ImageSize | null {
	const head = image.bytes(0, 30);
	if (head.length >= 24 && head.subarray(0, 16).equals(PNG_HEAD)) {
		return { format: "png", width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
	}
	if (head.length >= 3 && head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return jpegSizeOf(image);
	if (head.length === 30 && head.toString("latin1", 0, 4) === "RIFF" && head.toString("latin1", 8, 12) === "WEBP") return webpSizeOf(head);
	return null;
}

function jpegSizeOf(image: BytesAt): ImageSize | null {
	let at = 2;
	for (let segment = 0; segment < MAX_SEGMENTS; segment += 1) {
		const head = image.bytes(at, 9);
		if (head.length < 9 || head[0] !== 0xff) return null;
		const marker = head.readUInt8(1);
		if (marker === 0xff) {
			// A fill byte before the marker (B.1.1.2).
			at += 1;
			continue;
		}
		if (isFrameHeader(marker)) return { format: "jpeg", height: head.readUInt16BE(5), width: head.readUInt16BE(7) };
		// Scan, end of image, restart or a marker without length: no frame header came before it.
		if (marker === 0xda || marker === 0xd9 || marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) return null;
		// A length below two leads into itself, where no marker begins.
		at += 2 + head.readUInt16BE(2);
	}
	return null;
}

/** SOF0 to SOF15 without the three numbers in between that mean something else (DHT, JPG, DAC). */
function isFrameHeader(marker: number): boolean {
	return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function webpSizeOf(head: Buffer): ImageSize | null {
	switch (head.toString("latin1", 12, 16)) {
		case "VP8 ":
			if (head.readUIntBE(23, 3) !== 0x9d012a) return null;
			return { format: "webp", width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
		case "VP8L": {
			if (head[20] !== 0x2f) return null;
			const bits = head.readUInt32LE(21);
			return { format: "webp", width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
		}
		case "VP8X":
			return { format: "webp", width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
		default:
			return null;
	}
}
