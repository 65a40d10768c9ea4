/**
 * `options` of the native routes: a map in Ollama, read key by key, so its keys are exact and unknown ones are ignored.
 *
 * Besides today's options it has the sampling options of older servers; options of theirs that reach for hardware (`numa`, `use_mlock`, …) are
 * left out.
 */
import { array, boolean, number, object, string, whole } from "./shape.ts";

const count = whole(2 ** 53);

export const options = object({
	// Sampling.
	num_keep: count,
	seed: whole(2 ** 63),
	num_predict: count,
	top_k: count,
	top_p: number,
	min_p: number,
	typical_p: number,
	repeat_last_n: count,
	temperature: number,
	repeat_penalty: number,
	presence_penalty: number,
	frequency_penalty: number,
	stop: array(string),
	draft_num_predict: count,
	// Loading: another value than the last request's reloads the runner.
	num_ctx: count,
	num_batch: count,
	num_gpu: count,
	main_gpu: count,
	use_mmap: boolean,
	num_thread: count,
	// Older servers.
	mirostat: count,
	mirostat_tau: number,
	mirostat_eta: number,
	tfs_z: number,
	penalize_newline: boolean,
});
