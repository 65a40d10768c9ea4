import { boolean, object } from "./shape.ts";

export const streamOptions = object({ include_usage: boolean });
