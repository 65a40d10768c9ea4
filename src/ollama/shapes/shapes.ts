/** Which operation takes which body: one row for every operation whose body is JSON. */
import { aliasesDelete, aliasesSet } from "./aliases.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { chat } from "./chat.ts";
import { copy } from "./copy.ts";
import { create } from "./create.ts";
import { deleteModel } from "./delete.ts";
import { embed, embeddings } from "./embed.ts";
import { generate } from "./generate.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiCompletion } from "./openai-completion.ts";
import { openaiEmbeddings } from "./openai-embeddings.ts";
import { openaiImageEdit, openaiImageGeneration } from "./openai-images.ts";
import { openaiResponses } from "./openai-responses.ts";
import { pull } from "./pull.ts";
import { push } from "./push.ts";
import type { ObjectShape } from "./shape.ts";
import { show } from "./show.ts";
import { webFetch, webSearch } from "./web.ts";

export const SHAPES: ReadonlyMap<string, ObjectShape> = new Map([
	["show", show],
	["generate", generate],
	["chat", chat],
	["embed", embed],
	["embeddings", embeddings],
	["pull", pull],
	["push", push],
	["create", create],
	["copy", copy],
	["delete", deleteModel],
	["web-search", webSearch],
	["web-fetch", webFetch],
	["aliases-set", aliasesSet],
	["aliases-delete", aliasesDelete],
	["v1-chat-completions", openaiChat],
	["v1-completions", openaiCompletion],
	["v1-embeddings", openaiEmbeddings],
	["v1-responses", openaiResponses],
	["v1-images-generations", openaiImageGeneration],
	["v1-images-edits", openaiImageEdit],
	["v1-messages", anthropicMessages],
]);
