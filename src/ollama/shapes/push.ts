import { boolean, object, string } from "./shape.ts";

/** POST /api/push (`api.PushRequest`). */
export const push = object({ model: string, name: string, insecure: boolean, username: string, password: string, stream: boolean });
