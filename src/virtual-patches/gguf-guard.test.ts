import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import * as gguf from "../../test/support/gguf-bytes.ts";
import { createGgufGuard } from "./gguf-guard.ts";

const { ARCHITECTURE, BLOCKS, DATA, ggufBytes, PAIRS, TENSORS, TYPE } = gguf;

/** The detail of the refusal, or null; in chunks of `size` bytes. */
function verdictOf(bytes: Buffer, size = 65_536, declared: number | null = bytes.length): string | null {
	const guard = createGgufGuard(declared);
	for (let at = 0; at < bytes.length; at += size) {
		const refusal = guard.push(bytes.subarray(at, at + size));
		if (refusal !== null) {
			assert.equal(refusal.reason, "virtual-patch");
			assert.deepEqual(guard.push(Buffer.from("more")), refusal, "the first refusal is final");
			assert.deepEqual(guard.end(), refusal);
			return refusal.detail;
		}
	}
	return guard.end()?.detail ?? null;
}

function pairs(...added: gguf.Pair[]): Buffer {
	return ggufBytes({ pairs: [...PAIRS, ...added] });
}

function tensor(changed: Partial<gguf.TensorInfo>): Buffer {
	return ggufBytes({ tensors: [{ ...(TENSORS[0] ?? assert.fail()), ...changed }] });
}

const alignment = (value: number): gguf.Pair => ({ key: "general.alignment", type: TYPE.u32, bytes: gguf.u32(value) });

const refusals: readonly (readonly [why: string, advisory: string, bytes: Buffer, detail: RegExp])[] = [
	["nothing at all", "", Buffer.alloc(0), /ends within its header/],
	["four bytes that say GGUF", "CVE-2024-39720", Buffer.from("GGUF"), /ends within its header/],
	["a zip archive", "CVE-2024-45436, CVE-2024-7773", Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(100)]), /zip archive/],
	["another magic", "", ggufBytes({ magic: "GGML" }), /not a GGUF file/],
	["the magic in lower case", "", ggufBytes({ magic: "gguf" }), /not a GGUF file/],
	["the big-endian magic", "", ggufBytes({ magic: "FUGG" }), /not a GGUF file/],
	["version 1, whose strings wrap around", "CVE-2025-66960", ggufBytes({ version: 1 }), /version 1/],
	["version 4", "", ggufBytes({ version: 4 }), /version 4/],
	["version 0", "", ggufBytes({ version: 0 }), /version 0/],
	["a big-endian version", "", ggufBytes({ version: 0x03000000 }), /version/],
	["more metadata than memory", "CVE-2026-65315", ggufBytes({ pairCount: 2n ** 63n }), /metadata pairs/],
	["no metadata", "CVE-2025-0312", ggufBytes({ pairCount: 0n }), /metadata pairs/],
	["more tensors than memory", "CVE-2025-0315", ggufBytes({ tensorCount: 2n ** 40n }), /tensors/],
	["a negative count of tensors", "CVE-2025-0315", ggufBytes({ tensorCount: -1n }), /tensors/],
	["no tensor", "CVE-2025-0313", ggufBytes({ tensorCount: 0n }), /0 tensors/],
	["no architecture", "CVE-2025-0312", ggufBytes({ pairs: [BLOCKS] }), /no general.architecture/],
	[
		"an architecture that is a number",
		"CVE-2025-0312",
		ggufBytes({ pairs: [{ ...ARCHITECTURE, type: TYPE.u32, bytes: gguf.u32(1) }] }),
		/not a string/,
	],
	[
		"an architecture that is an array",
		"CVE-2025-0312",
		ggufBytes({ pairs: [{ ...ARCHITECTURE, type: TYPE.array, bytes: gguf.array(TYPE.u8, []) }] }),
		/not a string/,
	],
	["an empty architecture", "CVE-2025-0312", ggufBytes({ pairs: [{ ...ARCHITECTURE, bytes: gguf.text("") }] }), /empty or too long/],
	["two architectures", "", pairs(ARCHITECTURE), /twice/],
	["an empty key", "", pairs({ ...BLOCKS, key: "" }), /key length/],
	["a key of 300 letters", "", pairs({ ...BLOCKS, key: "k".repeat(300) }), /key length/],
	["a key with a control character", "", pairs({ ...BLOCKS, key: "a\u0000b" }), /plain ASCII/],
	[
		"a string longer than memory",
		"CVE-2025-66959",
		pairs({ key: "s", type: TYPE.string, bytes: gguf.u64(2n ** 63n - 1n) }),
		/string length/,
	],
	[
		"a string behind the end of the file",
		"CVE-2025-66959",
		pairs({ key: "s", type: TYPE.string, bytes: gguf.u64(5000n) }),
		/string length/,
	],
	[
		"an array longer than memory",
		"CVE-2025-0315",
		pairs({ key: "a", type: TYPE.array, bytes: gguf.array(TYPE.u64, [], 2n ** 61n) }),
		/array length/,
	],
	[
		"an array of a billion bytes in a small file",
		"CVE-2026-65315",
		pairs({ key: "a", type: TYPE.array, bytes: gguf.array(TYPE.u8, [], 1_000_000n) }),
		/array length/,
	],
	[
		"an array of strings that are not there",
		"CVE-2026-65315",
		pairs({ key: "a", type: TYPE.array, bytes: gguf.array(TYPE.string, [], 4_000_000n) }),
		/array length/,
	],
	[
		"an array with an endless string",
		"CVE-2025-66959",
		pairs({ key: "a", type: TYPE.array, bytes: gguf.array(TYPE.string, [gguf.u64(2n ** 50n)]) }),
		/string length/,
	],
	[
		"an array of arrays",
		"",
		pairs({ key: "a", type: TYPE.array, bytes: gguf.array(TYPE.array, [gguf.array(TYPE.u8, [])]) }),
		/array of type 9/,
	],
	["an unknown value type", "", pairs({ key: "x", type: 13, bytes: gguf.u32(0) }), /value type 13/],
	["a bool of 2", "", pairs({ key: "x", type: TYPE.bool, bytes: Buffer.from([2]) }), /bool/],
	["alignment 0", "CVE-2025-0317", pairs(alignment(0)), /general.alignment 0/],
	["alignment 4", "", pairs(alignment(4)), /general.alignment 4/],
	["alignment 48", "", pairs(alignment(48)), /general.alignment 48/],
	["alignment 2^31", "", pairs(alignment(2 ** 31)), /general.alignment 2147483648/],
	["an alignment of another type", "", pairs({ key: "general.alignment", type: TYPE.u64, bytes: gguf.u64(32n) }), /not a uint32/],
	["an alignment that is a string", "", pairs({ key: "general.alignment", type: TYPE.string, bytes: gguf.text("32") }), /not a number/],
	["two alignments", "", pairs(alignment(32), alignment(64)), /twice/],
	["block_count 0", "CVE-2024-8063", pairs({ ...BLOCKS, bytes: gguf.u32(0) }), /block_count is zero/],
	["block_count -1", "CVE-2024-8063", pairs({ ...BLOCKS, type: TYPE.i32, bytes: gguf.u32(0xffffffff) }), /out of range/],
	["block_count 2^56", "CVE-2024-8063", pairs({ ...BLOCKS, type: TYPE.u64, bytes: gguf.u64(2n ** 56n + 1n) }), /out of range/],
	["a block_count that is a float", "CVE-2024-8063", pairs({ ...BLOCKS, type: TYPE.f32, bytes: gguf.u32(1) }), /out of range/],
	[
		"a block_count that is an array",
		"CVE-2025-0312",
		pairs({ ...BLOCKS, type: TYPE.array, bytes: gguf.array(TYPE.u8, []) }),
		/not a number/,
	],
	["a tensor without a name", "", tensor({ name: "" }), /name length/],
	["a tensor name of 200 letters", "", tensor({ name: "n".repeat(200) }), /name length/],
	["a tensor of five dimensions", "CVE-2025-0313", tensor({ dims: [1n, 1n, 1n, 1n, 1n] }), /5 dimensions/],
	["a tensor of 4 billion dimensions", "CVE-2025-0313", tensor({ count: 0xffffffff }), /4294967295 dimensions/],
	["a dimension of zero", "CVE-2024-8063", tensor({ dims: [0n, 4n] }), /shape/],
	["a dimension of 2^63", "CVE-2026-7482", tensor({ dims: [2n ** 63n] }), /shape/],
	["dimensions whose product overflows", "CVE-2026-7482", tensor({ dims: [2n ** 32n, 2n ** 32n] }), /shape/],
	["a retired tensor type", "", tensor({ type: 4 }), /type 4/],
	["an unknown tensor type", "", tensor({ type: 9999 }), /type 9999/],
	["a row that is no multiple of its block", "", tensor({ dims: [31n], type: 8 }), /multiple of a Q8_0 block/],
	["an offset that is not aligned", "", tensor({ offset: 1n }), /not aligned/],
	["an offset of 2^64-32", "CVE-2026-7482", tensor({ offset: -32n }), /aligned|follow/],
	["a gap between tensors, room for a second file", "", tensor({ offset: 32n }), /does not follow/],
	["overlapping tensors", "", ggufBytes({ tensors: TENSORS.map((info) => ({ ...info, offset: 0n })) }), /does not follow/],
	[
		"an F16 tensor that claims more than the file holds",
		"CVE-2026-7482, CVE-2026-5757",
		tensor({ dims: [4096n, 4096n], type: 1 }),
		/claims bytes behind the end/,
	],
	["a file cut short in its data", "CVE-2024-12055", ggufBytes({ data: DATA.subarray(0, 65) }), /claims bytes behind the end/],
	["a second file behind the first", "", Buffer.concat([ggufBytes(), ggufBytes({ version: 1 })]), /behind the last tensor/],
];

for (const [why, advisory, bytes, detail] of refusals) {
	test(`refuses ${why}${advisory === "" ? "" : ` (${advisory})`}`, () => {
		assert.match(verdictOf(bytes) ?? "let through", detail);
		// However it is cut, the answer is the same.
		for (const size of [1, 3, 7, 24, 100]) assert.equal(verdictOf(bytes, size), verdictOf(bytes));
		// Without a declared length it is refused as well, at the latest before its end.
		assert.notEqual(verdictOf(bytes, 64, null), null);
	});
}

test("refuses every file that is cut short, wherever", () => {
	const whole = ggufBytes();
	for (let length = 0; length < whole.length; length += 1) {
		assert.notEqual(verdictOf(whole.subarray(0, length)), null, `${length} of ${whole.length} bytes, length known`);
		assert.notEqual(verdictOf(whole.subarray(0, length), 50, null), null, `${length} of ${whole.length} bytes, length unknown`);
	}
});

test("refuses as soon as the header is read, not after gigabytes, where the length is known", () => {
	const header = ggufBytes({ data: Buffer.alloc(0) });
	for (const declared of [header.length + 10, header.length + 10_000_000]) {
		assert.match(createGgufGuard(declared).push(header)?.detail ?? "", /behind the (?:end of the file|last tensor)/);
	}
});

test("bounds what is claimed also where the length is not known", () => {
	const bigArray = pairs({ key: "a", type: TYPE.array, bytes: gguf.array(TYPE.u8, [], 5_000_000n) });
	assert.match(verdictOf(bigArray, 100, null) ?? "", /array length/);
	const size = 2n ** 51n;
	const huge = [0n, 1n, 2n].map((at): gguf.TensorInfo => ({ name: `t${at}`, dims: [2n ** 48n], type: 27, offset: at * size }));
	assert.match(verdictOf(ggufBytes({ tensors: huge }), 100, null) ?? "", /claims more than any file holds/);
});

test("refuses what is longer or shorter than declared", () => {
	const whole = ggufBytes();
	assert.match(verdictOf(Buffer.concat([whole, whole]), 10_000, whole.length) ?? "", /longer than its declared length/);
	// The padding of the last tensor may be left out, but then the declared length must say so.
	assert.match(verdictOf(whole, 10_000, whole.length + 30) ?? "", /shorter than its declared length/);
});

const permits: readonly (readonly [what: string, bytes: Buffer])[] = [
	["a well-formed file", ggufBytes()],
	["version 2", ggufBytes({ version: 2 })],
	["a last tensor with padding", ggufBytes({ data: Buffer.alloc(96) })],
	[
		"alignment 64",
		ggufBytes({
			alignment: 64,
			pairs: [...PAIRS, alignment(64)],
			tensors: [TENSORS[0] ?? assert.fail(), { ...(TENSORS[1] ?? assert.fail()), offset: 64n }],
			data: Buffer.alloc(98),
		}),
	],
	[
		"every type of value",
		pairs(
			...[1, 1, 2, 2, 4, 4, 4].map((bytes, type): gguf.Pair => ({ key: `t.${type}`, type, bytes: Buffer.alloc(bytes, 1) })),
			...[TYPE.u64, TYPE.i64, TYPE.f64].map((type): gguf.Pair => ({ key: `t.${type}`, type, bytes: Buffer.alloc(8) })),
			{ key: "t.empty", type: TYPE.string, bytes: gguf.text("") },
			{ key: "t.none", type: TYPE.array, bytes: gguf.array(TYPE.string, []) },
		),
	],
	["a tensor without dimensions", ggufBytes({ tensors: [{ name: "scale", dims: [], type: 0, offset: 0n }], data: Buffer.alloc(4) })],
	["a string of 100 kB", pairs({ key: "tokenizer.chat_template", type: TYPE.string, bytes: gguf.text("x".repeat(100_000)) })],
];

for (const [what, bytes] of permits) {
	test(`lets ${what} through, however it is cut`, () => {
		for (const size of [1, 5, 24, 4096]) {
			assert.equal(verdictOf(bytes, size), null);
			assert.equal(verdictOf(bytes, size, null), null);
		}
	});
}

test("never throws, and comes to one verdict however the bytes are cut", () => {
	const whole = pairs(alignment(32));
	const mutilated = fc
		.array(fc.record({ at: fc.nat(whole.length - 1), byte: fc.oneof(fc.constantFrom(0, 0xff, 0x7f, 0x80), fc.nat(255)) }), { maxLength: 6 })
		.map((edits) => {
			const copy = Buffer.from(whole);
			for (const { at, byte } of edits) copy[at] = byte;
			return copy;
		});
	const bytes = fc.oneof(
		mutilated,
		fc.uint8Array({ maxLength: 200, size: "max" }).map((tail) => Buffer.concat([Buffer.from("GGUF\x03\0\0\0"), tail])),
		fc.uint8Array({ maxLength: 300, size: "max" }).map((all) => Buffer.from(all)),
	);
	fc.assert(
		fc.property(
			bytes,
			fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20, size: "max" }),
			fc.boolean(),
			(file, cuts, isKnown) => {
				const declared = isKnown ? file.length : null;
				const guard = createGgufGuard(declared);
				let at = 0;
				let refusal = null;
				for (let turn = 0; at < file.length && refusal === null; turn += 1) {
					const size = cuts[turn % cuts.length] ?? 1;
					refusal = guard.push(file.subarray(at, at + size));
					at += size;
				}
				const detail = (refusal ?? guard.end())?.detail ?? null;
				assert.equal(detail, verdictOf(file, 65_536, declared));
			},
		),
		{ numRuns: 1500 },
	);
});
