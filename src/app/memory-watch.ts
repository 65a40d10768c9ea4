/**
 * Sheds new work while resident memory is near its bound: answering 503 to the next caller is better than being killed with every stream.
 *
 * Sampled four times a second, as Envoy's overload manager does; one system call each time.
 */
const SAMPLE_MS = 250;
/** Of the operator's bound. */
const SHED_AT = 0.9;

export class MemoryWatch {
	#bound: number;
	#shedding = false;
	readonly #timer: NodeJS.Timeout;

	constructor(boundBytes: number) {
		this.#bound = boundBytes;
		this.#timer = setInterval(() => {
			this.#shedding = process.memoryUsage.rss() > this.#bound * SHED_AT;
		}, SAMPLE_MS);
		this.#timer.unref();
	}

	get shedding(): boolean {
		return this.#shedding;
	}

	adjust(boundBytes: number): void {
		this.#bound = boundBytes;
	}

	close(): void {
		clearInterval(this.#timer);
	}
}
