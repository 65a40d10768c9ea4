/**
 * A dialect's way of answering. Inference is the same for all of them; a voice turns its items into bytes.
 *
 *  - `say` writes one item of a stream, `whole` the one item of an answer that is not streamed.
 *  - `refuse` is for failures before the first byte, `breakOff` for those after it.
 */
import type { Item } from "./item.ts";
import type { Reply } from "./reply.ts";

export interface Voice {
	say(reply: Reply, item: Item): void;
	whole(reply: Reply, item: Item): void;
	refuse(reply: Reply, status: number, message: string): void;
	breakOff(reply: Reply, message: string): void;
}
