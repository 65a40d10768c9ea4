/**
 * The operations that cannot be judged by method and path alone: their body names a model or sets parameters, or their answer shows what not everyone
 * may see. A proxy that asks whether a request may pass shows some of this or none.
 *
 * Settings name these ids; a test holds the list against the table of operations.
 */
export const UNSEEN_OPERATIONS = [
	"tags",
	"ps",
	"show",
	"generate",
	"chat",
	"embed",
	"embeddings",
	"pull",
	"push",
	"create",
	"copy",
	"delete",
	"blob-upload",
	"web-search",
	"web-fetch",
	"aliases-set",
	"aliases-delete",
	"v1-chat-completions",
	"v1-completions",
	"v1-embeddings",
	"v1-models",
	"v1-responses",
	"v1-audio-transcriptions",
	"v1-images-generations",
	"v1-images-edits",
	"v1-messages",
] as const;
