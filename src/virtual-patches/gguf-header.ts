/**
 * Reads the header of a GGUF file piece by piece and says where the file must end, or why it is not let through.
 *
 *  - A generator that asks for bytes: a positive number means "give me so many", a negative one "pass over so many". It never asks for more
 *    than `MAX_ASK` at once and keeps nothing but counters, so memory does not depend on what a file claims.
 *  - Whatever is multiplied or added stays below 2^53; a 64-bit number beyond that reads as Infinity and fails every bound.
 *  - Tensors lie one after another without gaps and nothing follows the last: what llama.cpp demands of a file anyway. Releases of
 *    Ollama that look for a second GGUF behind the first one find none, and what a tensor claims is there in full.
 *  - Source: docs/gguf.md of ggml; bounds after `fs/gguf` of Ollama 0.31.2 where it has some.
 */
import { TENSOR_TYPES } from "./ggml-types.ts";

export interface Extent {
	/** Offset behind the last byte that a tensor needs. */
	readonly end: number;
	/** The same with the padding that writers add. */
	readonly paddedEnd: number;
}

export type HeaderVerdict = { readonly refused: string } | { readonly refused: null; readonly extent: Extent };
export type HeaderReader = Generator<number, HeaderVerdict, Buffer>;

export const MIN_GGUF_BYTES = 24;
export const MAX_ASK = 512;

const MAX_PAIRS = 65_536;
const MAX_TENSORS = 131_072;
const MAX_KEY = 256;
const MAX_STRING = 16 * 1024 * 1024;
const MAX_ARRAY = 4 * 1024 * 1024;
const MAX_HEADER = 512 * 1024 * 1024;
const MAX_TENSOR_NAME = 127;
const MAX_DIMENSIONS = 4;
const MAX_ELEMENTS = 2 ** 48;
const MAX_BLOCKS = 65_536;
const DEFAULT_ALIGNMENT = 32;
const MIN_ALIGNMENT = 8;
const MAX_ALIGNMENT = 65_536;

const UINT32 = 4;
const STRING = 8;
const ARRAY = 9;
/** Bytes of each metadata type; strings and arrays have a length of their own. */
const SCALAR_BYTES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const INTEGER_TYPES: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 10, 11]);
const BOOL = 7;

/** `length` is that of the whole file where it is known; lengths inside may then not exceed what is left. */
export function* readGgufHeader(length: number | null): HeaderReader {
	const limit = Math.min(length ?? Number.POSITIVE_INFINITY, MAX_HEADER);
	const facts: Facts = { alignment: null, architecture: false };
	let at = MIN_GGUF_BYTES;

	const head = yield MIN_GGUF_BYTES;
	const magic = head.toString("latin1", 0, 4);
	if (magic !== "GGUF") return refuse(magic.startsWith("PK") ? "a zip archive, not a GGUF file" : "not a GGUF file");
	const version = head.readUInt32LE(4);
	if (version !== 2 && version !== 3) return refuse(`GGUF version ${version}`);
	const tensors = uint64(head, 8);
	if (tensors < 1 || tensors > MAX_TENSORS) return refuse(`${tensors} tensors`);
	const pairs = uint64(head, 16);
	if (pairs < 1 || pairs > MAX_PAIRS) return refuse(`${pairs} metadata pairs`);

	for (let index = 0; index < pairs; index += 1) {
		const pair = yield* readPair(at, limit, facts);
		if (pair.refused !== null) return refuse(`metadata ${index}: ${pair.refused}`);
		at = pair.at;
	}
	if (!facts.architecture) return refuse("no general.architecture");

	const alignment = facts.alignment ?? DEFAULT_ALIGNMENT;
	let expected = 0;
	let end = 0;
	for (let index = 0; index < tensors; index += 1) {
		const tensor = yield* readTensor(at, limit);
		if (tensor.refused !== null) return refuse(`tensor ${index}: ${tensor.refused}`);
		at = tensor.at;
		if (tensor.offset % alignment !== 0) return refuse(`tensor ${index}: offset is not aligned`);
		if (tensor.offset !== expected) return refuse(`tensor ${index}: does not follow the one before it`);
		end = tensor.offset + tensor.bytes;
		expected = padded(end, alignment);
		if (expected > Number.MAX_SAFE_INTEGER / 2) return refuse(`tensor ${index}: claims more than any file holds`);
		if (length !== null && padded(at, alignment) + end > length) return refuse(`tensor ${index}: claims bytes behind the end of the file`);
	}
	const start = padded(at, alignment);
	if (length !== null && length > start + expected) return refuse("bytes behind the last tensor");
	return { refused: null, extent: { end: start + end, paddedEnd: start + expected } };
}

interface Facts {
	alignment: number | null;
	architecture: boolean;
}

type Read<T> = { readonly refused: string } | ({ readonly refused: null; readonly at: number } & T);

function* readPair(start: number, limit: number, facts: Facts): Generator<number, Read<object>, Buffer> {
	const keyLength = uint64(yield 8, 0);
	if (keyLength < 1 || keyLength > MAX_KEY) return refuse("key length");
	const key = (yield keyLength).toString("latin1");
	if (!/^[\x21-\x7e]+$/.test(key)) return refuse("key is not plain ASCII");
	const type = (yield 4).readUInt32LE(0);
	let at = start + 12 + keyLength;

	const scalar = SCALAR_BYTES[type];
	if (scalar !== undefined) {
		const refused = judgeScalar(key, type, yield scalar, facts);
		at += scalar;
		return refused === null ? { refused, at } : refuse(refused);
	}
	// Decoders that expect a number under these keys follow a null pointer or divide by nothing when they find something else.
	if (key === "general.alignment" || key.endsWith(".block_count")) return refuse(`${key} is not a number`);
	if (type === STRING) {
		const length = uint64(yield 8, 0);
		at += 8;
		if (length > MAX_STRING || at + length > limit) return refuse("string length");
		if (key === "general.architecture") {
			if (facts.architecture) return refuse("general.architecture twice");
			if (length < 1 || length > MAX_KEY) return refuse("general.architecture is empty or too long");
			facts.architecture = true;
		}
		yield -length;
		return { refused: null, at: at + length };
	}
	if (key === "general.architecture") return refuse("general.architecture is not a string");
	if (type === ARRAY) return yield* readArray(at, limit);
	return refuse(`value type ${type}`);
}

function judgeScalar(key: string, type: number, bytes: Buffer, facts: Facts): string | null {
	if (type === BOOL && bytes.readUInt8(0) > 1) return "a bool that is neither 0 nor 1";
	if (key === "general.architecture") return "general.architecture is not a string";
	if (key === "general.alignment") {
		if (facts.alignment !== null) return "general.alignment twice";
		if (type !== UINT32) return "general.alignment is not a uint32";
		const alignment = bytes.readUInt32LE(0);
		const isPowerOfTwo = alignment > 0 && (alignment & (alignment - 1)) === 0;
		if (!isPowerOfTwo || alignment < MIN_ALIGNMENT || alignment > MAX_ALIGNMENT) return `general.alignment ${alignment}`;
		facts.alignment = alignment;
		return null;
	}
	if (key.endsWith(".block_count")) {
		const count = INTEGER_TYPES.has(type) ? bytes.readUIntLE(0, Math.min(bytes.length, 6)) : Number.NaN;
		const rest = bytes.length === 8 ? bytes.readUInt16LE(6) : 0;
		if (!(count >= 1 && count <= MAX_BLOCKS) || rest !== 0) return `${key} is zero or out of range`;
	}
	return null;
}

function* readArray(start: number, limit: number): Generator<number, Read<object>, Buffer> {
	const head = yield 12;
	const type = head.readUInt32LE(0);
	const count = uint64(head, 4);
	let at = start + 12;
	if (count > MAX_ARRAY) return refuse("array length");
	const scalar = SCALAR_BYTES[type];
	if (scalar !== undefined) {
		const bytes = count * scalar;
		if (at + bytes > limit) return refuse("array length");
		yield -bytes;
		return { refused: null, at: at + bytes };
	}
	// Arrays in arrays are in no file that Ollama reads, and they recurse.
	if (type !== STRING) return refuse(`array of type ${type}`);
	if (at + count * 8 > limit) return refuse("array length");
	for (let index = 0; index < count; index += 1) {
		const length = uint64(yield 8, 0);
		at += 8;
		if (length > MAX_STRING || at + length > limit) return refuse("string length");
		if (length > 0) yield -length;
		at += length;
	}
	return { refused: null, at };
}

function* readTensor(start: number, limit: number): Generator<number, Read<{ offset: number; bytes: number }>, Buffer> {
	const nameLength = uint64(yield 8, 0);
	if (nameLength < 1 || nameLength > MAX_TENSOR_NAME) return refuse("name length");
	yield -nameLength;
	const dimensions = (yield 4).readUInt32LE(0);
	if (dimensions > MAX_DIMENSIONS) return refuse(`${dimensions} dimensions`);
	const rest = yield dimensions * 8 + 12;
	let elements = 1;
	for (let index = 0; index < dimensions; index += 1) {
		elements *= uint64(rest, index * 8);
		// A dimension of zero makes decoders divide by it.
		if (!(elements >= 1 && elements <= MAX_ELEMENTS)) return refuse("shape");
	}
	const typeId = rest.readUInt32LE(dimensions * 8);
	const type = TENSOR_TYPES.get(typeId);
	if (type === undefined) return refuse(`type ${typeId}`);
	const row = dimensions === 0 ? 1 : uint64(rest, 0);
	if (row % type.blockElements !== 0) return refuse(`a row is no multiple of a ${type.name} block`);
	const at = start + 8 + nameLength + 4 + dimensions * 8 + 12;
	if (at > limit) return refuse("header too large");
	return { refused: null, at, offset: uint64(rest, dimensions * 8 + 4), bytes: (elements / type.blockElements) * type.blockBytes };
}

function refuse(refused: string): { readonly refused: string } {
	return { refused };
}

function uint64(bytes: Buffer, at: number): number {
	const high = bytes.readUInt32LE(at + 4);
	return high > 0x1f_ffff ? Number.POSITIVE_INFINITY : high * 0x1_0000_0000 + bytes.readUInt32LE(at);
}

function padded(offset: number, alignment: number): number {
	return Math.ceil(offset / alignment) * alignment;
}
