/** People who administer: where they sign in, and what each of them may do. */
import { ADMIN_ROLES, type AdminRule } from "../model/admin-role.ts";
import { isPlainText } from "../std/plain-text.ts";
import { duration } from "./values/duration.ts";
import { filePath } from "./values/file-path.ts";
import { JWS_ALGORITHMS } from "./values/jws-algorithm.ts";
import { described, joined } from "./values/mistake.ts";
import { count, flag, listOf, oneOf } from "./values/plain.ts";
import { type SecretReference, secretReference } from "./values/secret-reference.ts";
import { section } from "./values/section.ts";
import { textValue } from "./values/text-value.ts";
import { type WebUrl, webUrl } from "./values/web-url.ts";

export interface SignInConfig {
	readonly issuer: WebUrl;
	readonly clientId: string;
	readonly clientSecret: SecretReference | null;
	readonly publicUrl: WebUrl;
	readonly scopes: readonly string[];
	readonly algorithms: readonly string[];
	readonly authorities: string | null;
	readonly userInfo: boolean;
	readonly rules: readonly AdminRule[];
	readonly idleMs: number;
	readonly lifetimeMs: number;
	readonly maxSessions: number;
}

const MATCH_HINT = "write what the claim must be, * standing for any characters but @ and /: gpu-admins, *@example.org";
const WORD_HINT = "write it without spaces and quotes";

function matchPattern() {
	return textValue<string>({
		title: "pattern",
		noun: "a text",
		hint: MATCH_HINT,
		// A star alone would let in everybody whom the provider knows.
		read: (text) =>
			isPlainText(text, 256) && /[^*\s]/.test(text)
				? { value: text }
				: { message: `${described(text)} is not a pattern`, hint: MATCH_HINT },
	});
}

function word(title: string) {
	return textValue<string>({
		title,
		noun: `a ${title}`,
		hint: WORD_HINT,
		// RFC 6749 §3.3 and appendix A.1: what a scope and an identifier of a client may hold, less the space.
		read: (text) =>
			/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(text)
				? { value: text }
				: { message: `${described(text)} is not a ${title}`, hint: WORD_HINT },
	});
}

const ruleSection = section({
	claim: word("claim").meta({
		description:
			"Claim that is looked at. Dots lead into it (realm_access.roles); a dot of a name is written \\., and a name with :// is taken whole. email counts only where the provider says that it is verified.",
		example: "groups",
	}),
	matches: matchPattern().meta({
		description: "What it must be, or what one in its list must be. A star stands for any characters but @ and /.",
		risk: "Whoever can get such a value from the provider has the role.",
		example: "gpu-admins",
	}),
	role: oneOf(ADMIN_ROLES).meta({
		description:
			"What such a person may do. viewer: look. operator: also make and end keys and enrolments with no more rights than the role operator. admin: everything.",
		example: "operator",
	}),
});

export const signInSection = section({
	issuer: webUrl({ path: true }).optional().meta({
		description:
			"OpenID provider where people sign in, exactly as it names itself. Off without it: the admin listener then serves probes and metrics alone. https, or http on this machine.",
		risk: "The provider decides who administers.",
		example: "https://id.example.org/realms/ops",
	}),
	client_id: word("client id").optional().meta({ description: "As which client Rempart is known there.", example: "rempart" }),
	client_secret: secretReference().optional().meta({
		description: "Secret of that client: file:/path or env:NAME. Without it, it is a public client, held by PKCE alone.",
		example: "file:/etc/rempart/client-secret",
	}),
	public_url: webUrl({ path: false }).optional().meta({
		description:
			"How browsers reach the admin listener: scheme, host and port. Its /sign-in/callback is the redirect URI to register at the provider. https, from a proxy before it, or http on this machine.",
		example: "https://rempart-admin.example.org",
	}),
	scopes: listOf(word("scope"), { max: 32 })
		.prefault(["openid", "profile", "email"])
		.meta({ description: "What is asked of the provider. openid is always asked.", example: ["openid", "profile", "email", "groups"] }),
	algorithms: listOf(oneOf(JWS_ALGORITHMS), { min: 1, max: JWS_ALGORITHMS.length })
		.prefault(["RS256", "PS256", "ES256", "Ed25519", "EdDSA"])
		.meta({ description: "Algorithms that an ID token may be signed with." }),
	authorities: filePath().optional().meta({
		description: "PEM file of the authorities that vouch for the provider's certificate. Without it, those that the system trusts.",
		example: "/etc/rempart/id-ca.pem",
	}),
	user_info: flag().prefault(false).meta({
		description: "Whether the provider's userinfo endpoint is asked too: for one that does not put groups into the ID token.",
	}),
	rules: listOf(ruleSection, { max: 1_000 })
		.prefault([])
		.meta({
			description: "Who may do what; the first rule that fits decides. Whom none fits is not let in.",
			example: [
				{ claim: "groups", matches: "gpu-admins", role: "admin" },
				{ claim: "email", matches: "*@example.org", role: "viewer" },
			],
		}),
	idle: duration({ min: "1m", max: "24h" })
		.prefault("30m")
		.meta({ description: "After how long without a request somebody is signed out." }),
	lifetime: duration({ min: "5m", max: "7d" }).prefault("10h").meta({
		description: "After how long somebody is signed out in any case.",
		risk: "For as long, somebody whose groups were taken away at the provider keeps them here.",
	}),
	max_sessions: count({ min: 1, max: 10_000 })
		.prefault(500)
		.meta({ description: "Most sessions at once, of all people together. One person has at most ten; an eleventh ends the oldest." }),
}).transform((written, context): SignInConfig | null => {
	const { issuer, client_id: clientId, public_url: publicUrl, rules } = written;
	const mistake = (path: string, message: string, hint: string): void => {
		context.addIssue({ code: "custom", path: [path], message: joined({ message, hint }) });
	};
	if (issuer === undefined) {
		const names = ["client_id", "client_secret", "public_url", "authorities"] as const;
		for (const name of names)
			if (written[name] !== undefined)
				mistake(name, "has no effect without an issuer", "add issuer: https://id.example.org, or leave it out");
		if (rules.length > 0) mistake("rules", "have no effect without an issuer", "add issuer: https://id.example.org, or leave them out");
		return null;
	}
	if (clientId === undefined) mistake("client_id", "is missing, and an issuer needs it", "add client_id: rempart");
	if (publicUrl === undefined)
		mistake("public_url", "is missing, and an issuer needs it", "add public_url: https://rempart-admin.example.org");
	if (rules.length === 0)
		mistake("rules", "name nobody, so nobody could sign in", 'add rules: [{ claim: groups, matches: "gpu-admins", role: admin }]');
	if (written.idle > written.lifetime) mistake("idle", "is longer than lifetime", "make it shorter, or lifetime longer");
	if (clientId === undefined || publicUrl === undefined) return null;
	return {
		issuer,
		clientId,
		clientSecret: written.client_secret ?? null,
		publicUrl,
		scopes: [...new Set(["openid", ...written.scopes])],
		algorithms: written.algorithms,
		authorities: written.authorities ?? null,
		userInfo: written.user_info,
		rules,
		idleMs: written.idle,
		lifetimeMs: written.lifetime,
		maxSessions: written.max_sessions,
	};
});
