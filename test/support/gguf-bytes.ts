/** Makes GGUF files by hand, well-formed or with one thing wrong: every field of the header can be overridden. */
export interface Pair {
	readonly key: string;
	/** Number of the GGUF value type. */
	readonly type: number;
	/** The value as it lies in the file. */
	readonly bytes: Buffer;
}

export interface TensorInfo {
	readonly name: string;
	readonly dims: readonly bigint[];
	readonly type: number;
	readonly offset: bigint;
	/** Overrides the count of dimensions. */
	readonly count?: number;
}

export interface GgufParts {
	readonly magic?: string;
	readonly version?: number;
	readonly tensorCount?: bigint;
	readonly pairCount?: bigint;
	readonly pairs?: readonly Pair[];
	readonly tensors?: readonly TensorInfo[];
	readonly alignment?: number;
	/** Bytes behind the padded header. */
	readonly data?: Buffer;
}

export const TYPE = {
	u8: 0,
	i8: 1,
	u16: 2,
	i16: 3,
	u32: 4,
	i32: 5,
	f32: 6,
	bool: 7,
	string: 8,
	array: 9,
	u64: 10,
	i64: 11,
	f64: 12,
} as const;

export function u32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value);
	return bytes;
}

export function u64(value: bigint): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
	return bytes;
}

export function text(value: string): Buffer {
	const bytes = Buffer.from(value);
	return Buffer.concat([u64(BigInt(bytes.length)), bytes]);
}

export function array(type: number, elements: readonly Buffer[], count = BigInt(elements.length)): Buffer {
	return Buffer.concat([u32(type), u64(count), ...elements]);
}

export const ARCHITECTURE: Pair = { key: "general.architecture", type: TYPE.string, bytes: text("llama") };
export const BLOCKS: Pair = { key: "llama.block_count", type: TYPE.u32, bytes: u32(1) };
export const TOKENS: Pair = {
	key: "tokenizer.ggml.tokens",
	type: TYPE.array,
	bytes: array(TYPE.string, [text("a"), text(""), text("xyz")]),
};
export const SCORES: Pair = { key: "tokenizer.ggml.scores", type: TYPE.array, bytes: array(TYPE.f32, [u32(0), u32(1)]) };
export const FLAG: Pair = { key: "tokenizer.ggml.add_bos_token", type: TYPE.bool, bytes: Buffer.from([1]) };

export const PAIRS: readonly Pair[] = [ARCHITECTURE, BLOCKS, TOKENS, SCORES, FLAG];
/** 32 bytes of F32, then 34 of Q8_0 behind them. */
export const TENSORS: readonly TensorInfo[] = [
	{ name: "token_embd.weight", dims: [4n, 2n], type: 0, offset: 0n },
	{ name: "output.weight", dims: [32n], type: 8, offset: 32n },
];
export const DATA = Buffer.alloc(66, 7);

export function ggufBytes(parts: GgufParts = {}): Buffer {
	const { pairs = PAIRS, tensors = TENSORS, alignment = 32, data = DATA } = parts;
	const header = Buffer.concat([
		Buffer.from(parts.magic ?? "GGUF", "latin1"),
		u32(parts.version ?? 3),
		u64(parts.tensorCount ?? BigInt(tensors.length)),
		u64(parts.pairCount ?? BigInt(pairs.length)),
		...pairs.flatMap(({ key, type, bytes }) => [text(key), u32(type), bytes]),
		...tensors.flatMap(({ name, dims, type, offset, count }) => [
			text(name),
			u32(count ?? dims.length),
			...dims.map(u64),
			u32(type),
			u64(offset),
		]),
	]);
	return Buffer.concat([header, Buffer.alloc((alignment - (header.length % alignment)) % alignment), data]);
}
