/** The virtual patches, sorted by id. What is not in this list does not run; there is no other way in. */
import { createFiles } from "./create-files.ts";
import { ggufUpload } from "./gguf-upload.ts";
import { images } from "./images.ts";
import { insecureTransport } from "./insecure-transport.ts";
import { legacyCreate } from "./legacy-create.ts";
import { modelReference } from "./model-reference.ts";
import { optionRanges } from "./option-ranges.ts";
import { quantizeUploads } from "./quantize-uploads.ts";
import { remoteHost } from "./remote-host.ts";
import type { VirtualPatch } from "./virtual-patch.ts";

export const VIRTUAL_PATCHES: readonly VirtualPatch[] = Object.freeze([
	optionRanges,
	modelReference,
	insecureTransport,
	createFiles,
	quantizeUploads,
	remoteHost,
	legacyCreate,
	ggufUpload,
	images,
]);
