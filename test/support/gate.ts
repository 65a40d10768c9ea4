/** A promise that a test opens: what waits behind it goes on exactly when the test says so, without sleeping. */
export interface Gate {
	readonly passed: Promise<void>;
	open(): void;
}

export function gate(): Gate {
	const { promise, resolve } = Promise.withResolvers<void>();
	return { passed: promise, open: () => resolve() };
}
