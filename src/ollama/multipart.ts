/**
 * multipart/form-data (RFC 7578, RFC 2046 §5.1) as far as uploads of audio need it: a strict reader and a writer with one form.
 *
 *  - No preamble, no epilogue, no folded fields, CRLF only, a closing delimiter: nothing that two readers could take apart differently.
 *  - No part encodings. Go undoes quoted-printable silently, so what we judged would not be what it reads.
 *  - Of a part's fields only the disposition and the content type survive; `filename*` and unknown parameters are dropped.
 *
 * The whole body is in memory already; values are views into it. Cost: linear.
 */
import type { FormField } from "./judged-request.ts";

export type Multipart = { readonly fields: readonly FormField[] } | { readonly problem: string };

const BOUNDARY = /^[0-9A-Za-z'()+_,./:=?-]{1,70}$/;
const MOST_PARTS = 64;
const LONGEST_HEAD = 2048;
const CRLF = Buffer.from("\r\n");
const BLANK = Buffer.from("\r\n\r\n");
const CLOSE = Buffer.from("--");

export function parseMultipart(bytes: Buffer, contentType: string | undefined): Multipart {
	const boundary = boundaryOf(contentType);
	if (boundary === null) return { problem: "no multipart/form-data with a boundary is declared" };
	const first = Buffer.from(`--${boundary}\r\n`, "latin1");
	const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
	if (!startsWith(bytes, first, 0)) return { problem: "does not begin with its delimiter" };

	const fields: FormField[] = [];
	let at = first.length;
	for (;;) {
		const blank = bytes.indexOf(BLANK, at);
		if (blank < 0 || blank - at > LONGEST_HEAD) return { problem: "a part's head does not end" };
		const end = bytes.indexOf(delimiter, blank + BLANK.length);
		if (end < 0) return { problem: "a part does not end" };
		const field = readPart(bytes.toString("latin1", at, blank), bytes.subarray(blank + BLANK.length, end));
		if (typeof field === "string") return { problem: field };
		fields.push(field);
		if (fields.length > MOST_PARTS) return { problem: `more than ${MOST_PARTS} parts` };
		at = end + delimiter.length;
		if (startsWith(bytes, CRLF, at)) {
			at += CRLF.length;
			continue;
		}
		if (!startsWith(bytes, CLOSE, at)) return { problem: "a delimiter is followed by something else" };
		at += CLOSE.length;
		const ended = at === bytes.length || (at + CRLF.length === bytes.length && startsWith(bytes, CRLF, at));
		return ended ? { fields } : { problem: "something follows the last part" };
	}
}

/** Names and file names must be free of quotes, backslashes and control characters, as those that `parseMultipart` returns are. */
export function serialiseMultipart(fields: readonly FormField[]): { readonly bytes: Buffer; readonly contentType: string } {
	const boundary = unusedBoundary(fields);
	const pieces: Buffer[] = [];
	for (const { name, filename, contentType, value } of fields) {
		const file = filename === null ? "" : `; filename="${filename}"`;
		const type = contentType === null ? "" : `Content-Type: ${contentType}\r\n`;
		pieces.push(
			Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n${type}\r\n`, "latin1"),
			value,
			CRLF,
		);
	}
	pieces.push(Buffer.from(`--${boundary}--\r\n`, "latin1"));
	return { bytes: Buffer.concat(pieces), contentType: `multipart/form-data; boundary=${boundary}` };
}

function boundaryOf(contentType: string | undefined): string | null {
	const match =
		/^multipart\/form-data[ \t]*;[ \t]*boundary=(?:"([^"\\]{1,70})"|([^";,\s]{1,70}))[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i.exec(
			contentType ?? "",
		);
	const boundary = match?.[1] ?? match?.[2];
	return boundary !== undefined && BOUNDARY.test(boundary) ? boundary : null;
}

/** The field, or what is wrong with its head. */
function readPart(head: string, value: Buffer): FormField | string {
	let disposition: { name: string; filename: string | null } | null = null;
	let contentType: string | null = null;
	for (const line of head.split("\r\n")) {
		const colon = line.indexOf(":");
		const name = line.slice(0, colon).toLowerCase();
		const text = line.slice(colon + 1).trim();
		if (colon < 1 || !/^[a-z-]+$/.test(name) || !isPrintable(text)) return "a part's head is malformed";
		if (name === "content-disposition") {
			if (disposition !== null) return "a part has two dispositions";
			disposition = readDisposition(text);
			if (disposition === null) return "a part's disposition is malformed";
		} else if (name === "content-type") {
			if (
				contentType !== null ||
				!/^[a-zA-Z0-9!#$&^_.+-]{1,100}\/[a-zA-Z0-9!#$&^_.+-]{1,100}(?:;[ \t]*[a-z-]+=[a-zA-Z0-9_.-]+)*$/.test(text)
			)
				return "a part's content type is malformed";
			contentType = text;
		} else if (name === "content-transfer-encoding") {
			if (!/^(?:7bit|8bit|binary)$/i.test(text)) return "a part is encoded";
		} else if (name !== "content-length") return "a part has an unknown field";
	}
	return disposition === null ? "a part has no disposition" : { ...disposition, contentType, value };
}

const PARAMETER = /^[ \t]*;[ \t]*([a-z*]+)=(?:"([^"\\]*)"|([^";,\s\\]+))/i;

function readDisposition(text: string): { name: string; filename: string | null } | null {
	const kind = /^form-data/i.exec(text);
	if (kind === null) return null;
	let name: string | null = null;
	let filename: string | null = null;
	for (let rest = text.slice(kind[0].length); rest.trim() !== ""; ) {
		const match = PARAMETER.exec(rest);
		if (match === null) return null;
		rest = rest.slice(match[0].length);
		const key = (match[1] ?? "").toLowerCase();
		const held = match[2] ?? match[3] ?? "";
		if (key === "name" ? name !== null : key === "filename" && filename !== null) return null;
		if (key === "name") name = held;
		else if (key === "filename") filename = held;
		else if (key !== "filename*") return null;
		// A name in RFC 5987 form alone still says that the part is a file.
		else filename ??= "file";
	}
	return name === null || name === "" ? null : { name, filename };
}

/** Visible ASCII, spaces and what is beyond ASCII (file names come in UTF-8); no control characters. */
function isPrintable(text: string): boolean {
	return /^[\x20-\x7e\x80-\xff\t]*$/.test(text);
}

function startsWith(bytes: Buffer, start: Buffer, at: number): boolean {
	return at + start.length <= bytes.length && bytes.compare(start, 0, start.length, at, at + start.length) === 0;
}

const PREFIX = "rempart-form-";
const DIGITS = 8;

/** The first of a numbered family of boundaries that occurs in no value. Linear: a caller cannot make it try again and again. */
function unusedBoundary(fields: readonly FormField[]): string {
	const used = new Set<string>();
	for (const { value } of fields) {
		for (let at = value.indexOf(PREFIX); at >= 0; at = value.indexOf(PREFIX, at + 1)) {
			used.add(value.toString("latin1", at + PREFIX.length, at + PREFIX.length + DIGITS));
		}
	}
	let number = 0;
	while (used.has(String(number).padStart(DIGITS, "0"))) number++;
	return `${PREFIX}${String(number).padStart(DIGITS, "0")}`;
}
