/**
 * Access tokens of identity providers: whose are good, for whom they have to be, and what they are good for.
 *
 * Nothing here can switch a check off; what weakens one (`types`, a longer `clock_skew`, `insecure_clear_text`) says what it costs.
 */
import type { IntrospectionSpec, IssuerSpec } from "../model/issuer-spec.ts";
import { isPlainText } from "../std/plain-text.ts";
import { duration } from "./values/duration.ts";
import { filePath } from "./values/file-path.ts";
import { identifier } from "./values/identifier.ts";
import { JWS_ALGORITHMS } from "./values/jws-algorithm.ts";
import { described, joined } from "./values/mistake.ts";
import { modelPattern } from "./values/model-pattern.ts";
import { flag, listOf, oneOf } from "./values/plain.ts";
import { type SecretReference, secretReference } from "./values/secret-reference.ts";
import { section } from "./values/section.ts";
import { textValue } from "./values/text-value.ts";
import { webUrl } from "./values/web-url.ts";

/** As it is written: secrets and authorities are named, and not read yet. */
export interface TokenIssuerConfig extends Omit<IssuerSpec, "introspection"> {
	/** The path of their PEM file. */
	readonly authorities: string | null;
	readonly introspection: (Omit<IntrospectionSpec, "clientSecret"> & { readonly clientSecret: SecretReference }) | null;
}

const printable = (title: string, hint: string) =>
	textValue<string>({
		title,
		noun: `a ${title}`,
		hint,
		read: (text) => (isPlainText(text, 256) ? { value: text } : { message: `${described(text)} is not a ${title}`, hint }),
	});

const claimPath = () =>
	printable("claim", "write the claim's name, dots leading inwards: groups, realm_access.roles, resource_access.my\\.client.roles");
const audience = () => printable("audience", "write what tokens have in aud: rempart, https://gpu.example.org");

function tokenType() {
	const hint = "write what tokens have in the header typ: at+jwt, JWT";
	return textValue<string>({
		title: "token type",
		noun: "a token type",
		hint,
		read: (text) =>
			/^[A-Za-z0-9+._-]{1,64}$/.test(text) ? { value: text.toLowerCase() } : { message: `${described(text)} is not a token type`, hint },
	});
}

const ruleSection = section({
	claim: claimPath().meta({
		description:
			"Which claim is looked at. Dots lead inwards, \\. is a dot; what holds :// is one name. Of a list each value, of scope each word; email only where email_verified is true.",
		risk: "A claim that people can set themselves, such as preferred_username or name, lets them in as whom they like.",
		example: "realm_access.roles",
	}),
	values: listOf(printable("value", "write a value of the claim, * standing for any characters: gpu-*"), { min: 1, max: 256 }).meta({
		description: "One of them has to fit one of the claim's values. A star stands for any characters; letter case counts.",
		risk: "A star alone lets in whoever has the claim.",
		example: ["gpu-users"],
	}),
	role: identifier().meta({ description: "Whose rights such a caller has.", example: "user" }),
	models: listOf(modelPattern(), { max: 256 })
		.optional()
		.meta({ description: "Models that he may use, narrower than the role.", example: ["llama3.2:*"] }),
}).transform(({ claim, values, role, models }) => ({ claim, values, role, models: models ?? null }));

const introspectionSection = section({
	endpoint: webUrl({ path: true }).optional().meta({
		description: "Where to ask; without it, where the issuer's discovery document says.",
		example: "https://sso.example.org/introspect",
	}),
	client_id: printable("client id", "write the id of a client that the identity provider lets introspect").meta({
		description: "As which client of the identity provider to ask.",
		example: "rempart",
	}),
	client_secret: secretReference().meta({
		description: "Where that client's secret is kept: a variable of the environment, or a file.",
		example: "file:/etc/rempart/introspection-secret",
	}),
	remember: duration({ min: "1s", max: "1h" }).prefault("1m").meta({
		description: "For how long an answer is believed. A token that is revoked there is good here for as long.",
	}),
}).transform(({ endpoint, client_id, client_secret, remember }) => ({
	endpoint: endpoint ?? null,
	clientId: client_id,
	clientSecret: client_secret,
	rememberMs: remember,
}));

const issuerSection = section({
	issuer: webUrl({ path: true }).meta({
		description: "The issuer, exactly as its tokens and its discovery document name it, a slash at the end included or not.",
		example: "https://sso.example.org/realms/main",
	}),
	audiences: listOf(audience(), { min: 1, max: 64 }).meta({
		description: "Whom tokens have to be for: one of these has to be in aud. Have the identity provider name this server there.",
		risk: "With the id of another application, whatever is sent to that application opens this server too.",
		example: ["https://gpu.example.org"],
	}),
	algorithms: listOf(oneOf(JWS_ALGORITHMS), { min: 1, max: 16 })
		.prefault([...JWS_ALGORITHMS])
		.meta({ description: "Signature algorithms that are accepted. Only asymmetric ones can be named." }),
	types: listOf(tokenType(), { min: 1, max: 16 }).prefault(["at+jwt"]).meta({
		description:
			"What typ in a token's header may be. Many identity providers still write JWT for everything; then ID tokens are told by their claims.",
		risk: "With JWT, an ID token of a client that is named in audiences may pass for an access token where the provider marks it by nothing.",
	}),
	clock_skew: duration({ min: "0s", max: "5m" }).prefault("30s").meta({
		description: "How far the identity provider's clock may be from this one, either way.",
		risk: "A token is good for as long after it has expired.",
	}),
	name: claimPath().prefault("preferred_username").meta({
		description: "Claim that a caller is called by in records; the subject where a token has none. It decides nothing.",
	}),
	groups: claimPath().optional().meta({
		description: "Claim that lists the groups a caller is counted with.",
		example: "groups",
	}),
	clients: listOf(printable("client id", "write what tokens have in azp or client_id"), { max: 256 })
		.prefault([])
		.meta({
			description:
				"Clients whose tokens are accepted, as azp or client_id names them. Empty: every client that the issuer gives the audience.",
			example: ["team-cli"],
		}),
	rules: listOf(ruleSection, { min: 1, max: 1_000 }).meta({
		description: "What a token is good for; the first rule that fits decides, and where none fits, it is good for nothing.",
		example: [{ claim: "groups", values: ["gpu-users"], role: "user" }],
	}),
	jwks: webUrl({ path: true }).optional().meta({
		description: "Where the issuer's keys are, for one that has no discovery document.",
		example: "https://sso.example.org/jwks.json",
	}),
	authorities: filePath().optional().meta({
		description: "PEM file of the authorities that vouch for the identity provider's certificate, instead of the system's.",
		example: "/etc/rempart/sso-ca.pem",
	}),
	remember: duration({ min: "0s", max: "24h" }).prefault("5m").meta({
		description: "For how long a token that was good is known again without verifying it, until it expires at the latest. 0s: not at all.",
	}),
	stale: duration({ min: "0s", max: "7d" }).prefault("24h").meta({
		description: "For how long the issuer's keys are good while it does not answer. After that its tokens are answered 503.",
		risk: "For as long, a key that was withdrawn while the issuer could not be reached is good here.",
	}),
	insecure_clear_text: flag().prefault(false).meta({
		description: "Whether the identity provider may be asked by http, on this machine.",
		risk: "Whatever program has that port can answer with keys of its own, and let in whom it likes.",
	}),
	introspection: introspectionSection.optional().meta({
		description:
			"Ask the identity provider about tokens that only it can read. One issuer can have this, since such a token does not say whose it is.",
		example: { client_id: "rempart", client_secret: "file:/etc/rempart/introspection-secret" },
	}),
}).transform((written, context): TokenIssuerConfig => {
	const { issuer, jwks, authorities, introspection, insecure_clear_text: clearText } = written;
	const mistake = (path: readonly string[], message: string, hint: string): void => {
		context.addIssue({ code: "custom", path: [...path], message: joined({ message, hint }) });
	};
	const clear = [
		[["issuer"], issuer],
		[["jwks"], jwks],
		[["introspection", "endpoint"], introspection?.endpoint],
	] as const;
	for (const [path, url] of clear) {
		if (url?.secure === false && !clearText)
			mistake(path, "is http", "write https, or set insecure_clear_text: true for a test on this machine");
	}
	if (jwks !== undefined && introspection !== undefined && introspection.endpoint === null)
		mistake(["introspection", "endpoint"], "is missing, and with jwks there is no discovery document to find it in", "write it");
	return {
		issuer: issuer.text,
		audiences: written.audiences,
		algorithms: written.algorithms,
		types: written.types,
		clockSkewMs: written.clock_skew,
		name: written.name,
		groups: written.groups ?? null,
		clients: written.clients,
		rules: written.rules,
		jwks: jwks?.text ?? null,
		authorities: authorities ?? null,
		rememberMs: written.remember,
		staleMs: written.stale,
		clearText,
		introspection: introspection === undefined ? null : { ...introspection, endpoint: introspection.endpoint?.text ?? null },
	};
});

export const tokensSection = listOf(issuerSection, { max: 32 }).transform((issuers, context) => {
	for (const [at, { issuer, introspection }] of issuers.entries()) {
		const earlier = issuers.slice(0, at);
		if (earlier.some((other) => other.issuer === issuer))
			context.addIssue({
				code: "custom",
				path: [at, "issuer"],
				message: joined({ message: "is named twice", hint: "name each issuer once" }),
			});
		if (introspection !== null && earlier.some((other) => other.introspection !== null)) {
			const message = joined({
				message: "stands with a second issuer",
				hint: "an opaque token does not say whose it is; ask one issuer about those",
			});
			context.addIssue({ code: "custom", path: [at, "introspection"], message });
		}
	}
	return issuers;
});
