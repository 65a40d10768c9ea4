/**
 * The criteria in the order in which they are asked; the first refusal ends it.
 *
 * Rights come before contents, so that a caller without rights learns nothing from what is refused; what may change a request comes last,
 * so that nothing is judged on a value that is still going to change.
 */
import type { Criterion } from "../criterion.ts";
import { cloudModels } from "./cloud-models.ts";
import { cloudTools } from "./cloud-tools.ts";
import { contextLength } from "./context-length.ts";
import { images } from "./images.ts";
import { keepAlive } from "./keep-alive.ts";
import { models } from "./models.ts";
import { operationClass } from "./operation-class.ts";
import { outputLength } from "./output-length.ts";
import { registries } from "./registries.ts";
import { roleKnown } from "./role-known.ts";
import { uploads } from "./uploads.ts";
import { virtualPatches } from "./virtual-patches.ts";

export const CRITERIA: readonly Criterion[] = Object.freeze([
	roleKnown,
	operationClass,
	virtualPatches,
	models,
	registries,
	cloudModels,
	cloudTools,
	uploads,
	contextLength,
	outputLength,
	keepAlive,
	images,
]);
