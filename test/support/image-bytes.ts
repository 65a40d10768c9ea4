/** Heads of images, with the sides they claim to have; enough for whoever reads the size and no picture at all. */
export function pngBytes(width: number, height: number): Buffer {
	const head = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
	const sides = Buffer.alloc(17);
	sides.writeUInt32BE(width, 0);
	sides.writeUInt32BE(height, 4);
	return Buffer.concat([head, sides]);
}

export function jpegBytes(width: number, height: number, before: readonly Buffer[] = [segment(0xe0, Buffer.alloc(14))]): Buffer {
	const frame = Buffer.alloc(15);
	frame.writeUInt8(8, 0);
	frame.writeUInt16BE(height, 1);
	frame.writeUInt16BE(width, 3);
	return Buffer.concat([Buffer.from([0xff, 0xd8]), ...before, segment(0xc0, frame), segment(0xda, Buffer.alloc(10))]);
}

export function segment(marker: number, content: Buffer): Buffer {
	const head = Buffer.from([0xff, marker, 0, 0]);
	head.writeUInt16BE(content.length + 2, 2);
	return Buffer.concat([head, content]);
}

function riff(form: string, chunk: string, content: Buffer): Buffer {
	const head = Buffer.alloc(20);
	head.write("RIFF", 0);
	head.writeUInt32LE(content.length + 12, 4);
	head.write(form, 8);
	head.write(chunk, 12);
	head.writeUInt32LE(content.length, 16);
	return Buffer.concat([head, content]);
}

export function webpLossyBytes(width: number, height: number): Buffer {
	const content = Buffer.alloc(20);
	content.set([0x9d, 0x01, 0x2a], 3);
	content.writeUInt16LE(width, 6);
	content.writeUInt16LE(height, 8);
	return riff("WEBP", "VP8 ", content);
}

export function webpLosslessBytes(width: number, height: number): Buffer {
	const content = Buffer.alloc(20);
	content[0] = 0x2f;
	content.writeUInt32LE(((width - 1) | ((height - 1) << 14)) >>> 0, 1);
	return riff("WEBP", "VP8L", content);
}

export function webpExtendedBytes(width: number, height: number): Buffer {
	const content = Buffer.alloc(20);
	content.writeUIntLE(width - 1, 4, 3);
	content.writeUIntLE(height - 1, 7, 3);
	return riff("WEBP", "VP8X", content);
}

export function wavBytes(): Buffer {
	return riff("WAVE", "fmt ", Buffer.alloc(20));
}
