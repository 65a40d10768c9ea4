/** Everything that would ask ollama.com, which the demonstration never does: it answers as an Ollama that has no way out. */
import { type Handler, Refusal } from "./exchange.ts";
import { unreachableCloud } from "./locate.ts";

export const meRoute: Handler = () => {
	throw new Refusal(503, "account unavailable");
};

export const signoutRoute: Handler = () => {
	throw new Refusal(500, "there was an error signing out");
};

export const webSearchRoute: Handler = async (exchange) => {
	await exchange.body();
	throw unreachableCloud(exchange, "Post", "/api/web_search");
};

export const webFetchRoute: Handler = async (exchange) => {
	await exchange.body();
	throw unreachableCloud(exchange, "Post", "/api/web_fetch");
};

/** In the two forms that Ollama knows: models of the cloud, and models for one's own GPU. */
export const recommendationsRoute: Handler = ({ reply }) => {
	const cloud = { model: "door-gate:cloud", description: "A larger door, elsewhere", context_length: 262_144, max_output_tokens: 32_768 };
	const local = { model: "door-visitor", description: "The one model that this server can pull", vram_bytes: 12_000_000_000 };
	reply.json(200, { recommendations: [cloud, local] });
};
