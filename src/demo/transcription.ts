/** `/v1/audio/transcriptions`: reads the form and then fails as Ollama does for a model that cannot hear, which is every model here. */
import { NO_VISION } from "./chat.ts";
import { Refusal } from "./exchange.ts";
import { CHAT_MISSING, locate } from "./locate.ts";
import { EarlyRefusal, inOpenAi, refuseAsOpenAi } from "./openai.ts";

export const transcriptionRoute = inOpenAi(async (exchange) => {
	const boundary = /boundary="?([^";]+)"?/.exec(exchange.header("content-type"))?.[1];
	const body = await exchange.body();
	if (boundary === undefined) throw new EarlyRefusal("failed to parse multipart form: request Content-Type isn't multipart/form-data");
	const fields = fieldsOf(body.toString("latin1"), boundary);
	const model = fields.get("model") ?? "";
	if (model === "") throw new EarlyRefusal("model is required");
	const file = fields.get("file");
	if (file === undefined) throw new EarlyRefusal("file is required: http: no such file");
	if (file === "") throw new EarlyRefusal("audio file is empty");
	try {
		locate(exchange, model, CHAT_MISSING);
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		return refuseAsOpenAi(exchange.reply, error.status, error.message);
	}
	// As an answer that fails before it says anything: chunked, as recorded.
	refuseAsOpenAi(exchange.reply, 400, NO_VISION);
	exchange.reply.flush();
});

/** Name and content of each part; enough for the small forms that clients send. */
function fieldsOf(body: string, boundary: string): ReadonlyMap<string, string> {
	const fields = new Map<string, string>();
	for (const part of body.split(`--${boundary}`).slice(1, -1)) {
		const end = part.indexOf("\r\n\r\n");
		const name = /name="([^"]*)"/.exec(part.slice(0, end))?.[1];
		if (name !== undefined && end >= 0) fields.set(name, part.slice(end + 4, -2));
	}
	return fields;
}
