import { integer, object, string } from "./shape.ts";

/** POST /api/experimental/web_search. */
export const webSearch = object({ query: string, max_results: integer });

/** POST /api/experimental/web_fetch. */
export const webFetch = object({ url: string });
