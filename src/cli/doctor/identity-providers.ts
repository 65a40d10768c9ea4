/** Whether each identity provider whose access tokens are good here answers, and whether its settings are sound. */
import { policyOf } from "../../app/settings.ts";
import { issuerSpecsOf } from "../../app/tokens.ts";
import type { Config } from "../../config/config.ts";
import { DocumentClient } from "../../http/document-client.ts";
import type { IssuerSpec } from "../../model/issuer-spec.ts";
import { fetchKeys, fetchMetadata } from "../../tokens/provider-documents.ts";
import { defineCheck, type Finding, fail, ok, skipped, warn } from "./check.ts";

export const identityProviders = defineCheck({
	id: "identity-providers",
	title: "access tokens",
	async examine({ config, server }) {
		if (config === null) return [skipped("the configuration has to be mended first")];
		if (config.identities.tokens.length === 0) return [skipped("no identity provider is configured, so no access token is good")];
		const advice = config.identities.tokens.flatMap(adviceOn);
		// What the server sees is what counts; without one, what is seen from here.
		if (server !== null) return [...server.identityProviders.map(seenByServer), ...advice];
		const policy = policyOf(config);
		const specs = await issuerSpecsOf(config.identities.tokens, (name) => policy.role(name) !== null);
		return [...(await Promise.all(specs.map(seenFromHere))), ...advice];
	},
});

const NEXT = "is it up, is the issuer written exactly as it names itself, and does this machine trust its certificate (authorities)?";

function seenByServer({ issuer, up, keys, detail }: { issuer: string; up: boolean | null; keys: number; detail: string | null }): Finding {
	if (up === true) return ok(`${issuer} answers, with ${keys} keys`);
	if (up === null) return skipped(`${issuer} was not asked yet`);
	return keys > 0 ? warn(`${issuer} does not answer; its keys from before are used: ${detail}`, NEXT) : fail(`${issuer}: ${detail}`, NEXT);
}

async function seenFromHere(spec: IssuerSpec): Promise<Finding> {
	const source = new DocumentClient(spec.authorities);
	try {
		const place = spec.jwks ?? (await fetchMetadata(spec, source)).keys;
		const { keys } = await fetchKeys(place, spec.clearText, source);
		return ok(`${spec.issuer} answers, with ${keys.size} keys`);
	} catch (error) {
		return fail(`${spec.issuer}: ${error instanceof Error ? error.message : String(error)}`, NEXT);
	} finally {
		source.close();
	}
}

/** What is sound, and weaker than it might be. */
export function adviceOn({ issuer, types, rules, clients, clearText }: Config["identities"]["tokens"][number]): readonly Finding[] {
	const advice: Finding[] = [];
	if (types.some((type) => type !== "at+jwt") && clients.length === 0) {
		advice.push(
			warn(
				`${issuer}: tokens of type ${types.filter((type) => type !== "at+jwt").join(", ")} are taken from every client`,
				"have it issue at+jwt, or name the clients in clients",
			),
		);
	}
	if (rules.some(({ values }) => values.includes("*")))
		advice.push(warn(`${issuer}: a rule lets in whoever has a claim, whatever its value`, "name the values, unless everybody is meant"));
	if (clearText) advice.push(warn(`${issuer} may be asked in clear`, "take insecure_clear_text away where this is no test"));
	return advice;
}
