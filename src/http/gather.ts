/** Pieces of one message in one buffer, for one system call. Strings are ASCII heads and chunk lines. */
export function gather(parts: readonly (string | Buffer)[]): Buffer {
	const [first] = parts;
	if (parts.length === 1 && typeof first !== "string" && first !== undefined) return first;
	let length = 0;
	for (const part of parts) length += part.length;
	const bytes = Buffer.allocUnsafe(length);
	let at = 0;
	for (const part of parts) {
		if (typeof part === "string") bytes.write(part, at, "latin1");
		else bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}
