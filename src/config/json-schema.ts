/** The configuration's JSON Schema, for editors and for whoever generates such files. It is looser than the parser: rules across settings are not in it. */
import * as z from "zod";

import { configSchema } from "./config.ts";

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Draft 2020-12, of what is written (before units are read). `risk` is an annotation of ours, which validators pass over. */
export function configJsonSchema(): JsonSchema {
	const { $schema, ...schema } = z.toJSONSchema(configSchema, {
		io: "input",
		target: "draft-2020-12",
		override: ({ jsonSchema }) => {
			if (jsonSchema["example"] === undefined) return;
			jsonSchema.examples = [jsonSchema["example"]];
			delete jsonSchema["example"];
		},
	});
	return {
		...($schema === undefined ? {} : { $schema }),
		$id: "urn:rempart:config",
		title: "Configuration of Rempart",
		description: "rempart.yaml. Every setting is optional; an empty file is safe.",
		...schema,
	};
}
