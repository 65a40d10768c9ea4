import { boolean, object, string } from "./shape.ts";

/** POST /api/experimental/aliases, 0.15.5 to 0.17.7. */
export const aliasesSet = object({ alias: string, target: string, prefix_matching: boolean });

/** DELETE /api/experimental/aliases. */
export const aliasesDelete = object({ alias: string });
