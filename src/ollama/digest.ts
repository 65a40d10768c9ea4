/**
 * Digests of blobs, in one spelling.
 *
 * Ollama takes `sha256:` and `sha256-` with digits in either case and looks the file up as written, so on a case-sensitive file system the
 * spellings differ. Here there is one: `sha256:` and 64 lower-case digits.
 */
const DIGEST = /^sha256[:-][0-9a-fA-F]{64}$/;

/** The canonical spelling, or null where the text is no digest. */
export function parseDigest(text: string): string | null {
	return text.length === 71 && DIGEST.test(text) ? `sha256:${text.slice(7).toLowerCase()}` : null;
}
