import { object, string } from "./shape.ts";

/** POST /api/copy (`api.CopyRequest`). */
export const copy = object({ source: string, destination: string });
