import { object, string } from "./shape.ts";

/** DELETE /api/delete (`api.DeleteRequest`). */
export const deleteModel = object({ model: string, name: string });
