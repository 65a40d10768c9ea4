import { boolean, object, string } from "./shape.ts";

/** POST /api/pull (`api.PullRequest`). `insecure` is called ignored there and is not: policy judges it. */
export const pull = object({ model: string, name: string, insecure: boolean, username: string, password: string, stream: boolean });
