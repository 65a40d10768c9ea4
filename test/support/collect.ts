/** All that comes, in a list. */
export async function collect<T>(parts: AsyncIterable<T>): Promise<readonly T[]> {
	const list: T[] = [];
	for await (const part of parts) list.push(part);
	return list;
}
