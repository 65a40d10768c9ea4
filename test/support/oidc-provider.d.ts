/** As much of `oidc-provider`, which has no types of its own, as the tests use. */
declare module "oidc-provider" {
	import type { IncomingMessage, ServerResponse } from "node:http";

	export interface Client {
		readonly clientId: string;
	}

	export default class Provider {
		constructor(issuer: string, configuration: object);
		callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
	}
}
