import { options } from "./options.ts";
import { boolean, object, string } from "./shape.ts";

/** POST /api/show (`api.ShowRequest`). */
export const show = object({ model: string, name: string, system: string, template: string, verbose: boolean, options });
