/** Reads typed columns out of rows. A column of another type means that the file was tampered with or damaged: a RowError, never a guess. */
import type { SQLOutputValue } from "node:sqlite";

export type Row = Record<string, SQLOutputValue>;

export class RowError extends Error {
	override readonly name = "RowError";
}

export function integerIn(row: Row, column: string): number {
	const value = row[column];
	if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new RowError(`column ${column} is not an integer`);
	return value;
}

export function integerOrNullIn(row: Row, column: string): number | null {
	return row[column] === null ? null : integerIn(row, column);
}

export function textIn(row: Row, column: string): string {
	const value = row[column];
	if (typeof value !== "string") throw new RowError(`column ${column} is not a text`);
	return value;
}

export function bytesIn(row: Row, column: string): Buffer {
	const value = row[column];
	if (!(value instanceof Uint8Array)) throw new RowError(`column ${column} does not hold bytes`);
	return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
