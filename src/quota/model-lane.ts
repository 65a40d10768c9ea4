/** What is known of one model: how many places it has, who waits for them, and what its requests cost. */
import { Gate, type Passing } from "./gate.ts";
import { ModelPace } from "./model-pace.ts";

export class ModelLane<Item extends Passing<Item>> {
	readonly gate = new Gate<Item>(Number.POSITIVE_INFINITY);
	readonly pace = new ModelPace();

	/** Nobody runs or waits on it. */
	get idle(): boolean {
		return this.gate.held === 0 && this.gate.queue.size === 0;
	}
}
