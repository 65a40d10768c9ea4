/** The operator's own roles. The built-in ones are not known here: one that is defined again under its name replaces the built-in one whole. */
import * as z from "zod";

import { OPERATION_CLASSES } from "../model/operation-class.ts";
import { REVEALED, type RoleSpec } from "../model/policy-spec.ts";
import { PRIORITIES } from "../model/priority.ts";
import { type NetworksConfig, networksSection } from "./networks.ts";
import { byteSize } from "./values/byte-size.ts";
import { duration } from "./values/duration.ts";
import { factor } from "./values/factor.ts";
import { IDENTIFIER, readIdentifier } from "./values/identifier.ts";
import { joined, wrongType } from "./values/mistake.ts";
import { modelPattern } from "./values/model-pattern.ts";
import { count, flag, listOf, oneOf, orUnlimited } from "./values/plain.ts";
import { section } from "./values/section.ts";

const modelsSection = section({
	allow: listOf(modelPattern(), { max: 1_000 })
		.prefault(["*"])
		.meta({
			description:
				"Patterns of the models that may be used; a star stands for any run of characters. A name without a tag means :latest alone. An empty list allows none.",
			example: ["llama3.2:*", "qwen3:8b"],
		}),
	deny: listOf(modelPattern(), { max: 1_000 })
		.prefault([])
		.meta({
			description: "Patterns of the models that may not be used, whatever allow says. A name without a tag means every tag.",
			example: ["*:70b*"],
		}),
});

const parametersSection = section({
	num_ctx: orUnlimited(count({ min: 256, max: 16_777_216 }))
		.prefault(32_768)
		.meta({
			description: "Largest context, in tokens, that a caller may ask for.",
			risk: "Each new size makes Ollama load the model again, and a large one can push other models out of the GPU's memory.",
		}),
	num_predict: orUnlimited(count({ min: 1, max: 16_777_216 }))
		.prefault("unlimited")
		.meta({
			description:
				"Most tokens that one answer may have; a caller that names no number gets this one. With unlimited, a model's own bound holds.",
			risk: "Without a bound, an answer ends where the model or Ollama ends it; Ollama stops after ten contexts.",
		}),
	keep_alive: orUnlimited(duration({ min: "0s" }))
		.prefault("30m")
		.meta({
			description: "Longest time that a caller may keep a model in memory after its request.",
			risk: "A model that is kept for ever takes its memory from all others.",
		}),
	unload: flag().prefault(false).meta({
		description: "Whether a caller may unload a model at once (keep_alive 0).",
		risk: "Unloading a model that others use makes all of them wait.",
	}),
	images: count({ min: 0, max: 1_000 }).prefault(16).meta({ description: "Most images in one request." }),
	image_size: byteSize({ max: "1GiB" }).prefault("16MiB").meta({ description: "Bytes of one image, decoded." }),
	on_excess: oneOf(["clamp", "refuse"]).prefault("clamp").meta({
		description:
			"What happens to a parameter beyond its bound. clamp: lowered to the bound, and recorded. refuse: the request is refused (403).",
	}),
}).transform((written) => ({
	numCtx: written.num_ctx,
	numPredict: written.num_predict,
	keepAliveMs: written.keep_alive,
	unload: written.unload,
	imagesMax: written.images,
	imageBytesMax: written.image_size,
	onExcess: written.on_excess,
}));

const roleSection = section({
	classes: listOf(oneOf(OPERATION_CLASSES), { max: OPERATION_CLASSES.length }).meta({
		description:
			"What the role may do. probe: health and version. read: list and show models. infer: chat, generate, embed. manage: pull, push, create, copy, delete. account: the account at ollama.com. cloud: models that run there, at your expense.",
		risk: "The class manage reaches most of what Ollama was attacked through; give it to administrators only.",
		example: ["probe", "read", "infer"],
	}),
	models: modelsSection.prefault({}).meta({ description: "Which models the role may use." }),
	reveal: listOf(oneOf(REVEALED), { max: REVEALED.length })
		.prefault([])
		.meta({
			description: "Which parts of a model's description the role may see besides the harmless rest.",
			risk: "System prompts and templates are often confidential.",
			example: ["license"],
		}),
	uploads: flag().prefault(false).meta({
		description: "Whether the role may upload blobs, which are checked to be GGUF files even then.",
		risk: "Files made to break the model loader come this way.",
	}),
	parameters: parametersSection
		.prefault({})
		.meta({ description: "Upper bounds of what a caller may ask for; unlimited takes a bound away." }),
	networks: networksSection.prefault({}).meta({
		description:
			"From where the role may be used. From elsewhere its credentials are refused like unknown ones; rempart policy explain --from says why.",
	}),
	require: listOf(factor(), { max: 32 })
		.prefault([])
		.meta({
			description:
				"What a caller has to show, all of it: key, password, signature, token or proxy (which kind of credential), certificate (alone or beside the credential, of the same role), network (one of networks.allow), group:NAME. An empty list demands nothing more than a credential.",
			example: ["key", "group:ops"],
		}),
	weight: count({ min: 1, max: 1_000 }).prefault(1).meta({
		description:
			"Share of the model's time that each caller of the role has while requests wait, beside other callers of the same priority: 3 has three times as much as 1.",
	}),
	priority: oneOf(PRIORITIES).prefault("normal").meta({
		description:
			"Share that all callers of this priority have together while requests wait: high 16, normal 4, low 1. None is kept waiting for ever by another.",
	}),
}).transform(({ weight, priority, ...role }) => ({ ...role, standing: { weight, priority } }));

export interface ConfiguredRole extends RoleSpec {
	readonly networks: NetworksConfig;
}

export const rolesSection = z
	.record(z.string().meta({ pattern: IDENTIFIER.source }), roleSection, {
		error: ({ input }) =>
			joined(wrongType(input, "a mapping of roles", "write each role's name, a colon, and its settings indented below")),
	})
	.superRefine(
		(roles, context) => {
			for (const name of Object.keys(roles)) {
				const reading = readIdentifier(name);
				if (!("value" in reading)) context.addIssue({ code: "custom", path: [name], message: joined(reading), params: { at: "key" } });
			}
		},
		// Names are looked at even where a role is mistaken, so that all is said at once.
		{ when: ({ value }) => typeof value === "object" && value !== null && !Array.isArray(value) },
	)
	.transform((roles): Readonly<Record<string, ConfiguredRole>> => roles);
