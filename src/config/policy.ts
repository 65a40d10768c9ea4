import { hostName } from "./values/host-name.ts";
import { flag, listOf } from "./values/plain.ts";
import { section } from "./values/section.ts";

const pullSection = section({
	registries: listOf(hostName({ address: false }), { max: 256 })
		.prefault(["registry.ollama.ai"])
		.meta({
			description: "Hosts that models may be pulled from and pushed to. An empty list permits none.",
			risk: "A hostile registry was the way in for most attacks on Ollama's model handling.",
			example: ["registry.ollama.ai", "hf.co"],
		}),
});

const createSection = section({
	remote_host: flag().prefault(false).meta({
		description: "Whether models that pass requests on to another host may be created.",
		risk: "Prompts of everyone who uses such a model leave this machine.",
	}),
	quantize_uploads: flag().prefault(false).meta({
		description: "Whether uploaded files may be quantised while a model is created.",
		risk: "This is the step that CVE-2026-7482 needs.",
	}),
}).transform((written) => ({ remoteHost: written.remote_host, quantizeUploads: written.quantize_uploads }));

export const policySection = section({
	pull: pullSection.prefault({}).meta({ description: "Where models come from and go to." }),
	create: createSection.prefault({}).meta({ description: "What a model may be made of." }),
});
