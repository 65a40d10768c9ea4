/** People whom a proxy has signed in, named by it in a field: believed only where the way itself proves that it is the proxy. */
import { groupName } from "./values/group-name.ts";
import { identifier } from "./values/identifier.ts";
import { joined } from "./values/mistake.ts";
import { modelPattern } from "./values/model-pattern.ts";
import { listOf, oneOf } from "./values/plain.ts";
import { section } from "./values/section.ts";

const PROXY_USER_FIELDS = ["off", "remote-user", "x-forwarded-user", "x-auth-request-user"] as const;

const PROXY_GROUP_FIELDS = ["off", "remote-groups", "x-forwarded-groups", "x-auth-request-groups"] as const;

const ruleSection = section({
	group: groupName().meta({ description: "Name of a group, exactly as the proxy writes it.", example: "gpu-operators" }),
	role: identifier().meta({ description: "Whose rights its members have.", example: "operator" }),
	models: listOf(modelPattern(), { max: 256 })
		.optional()
		.meta({ description: "Models that they may use, narrower than the role.", example: ["llama3.2:*"] }),
}).transform(({ group, role, models }) => ({ group, role, models: models ?? null }));

export const proxyUsersSection = section({
	field: oneOf(PROXY_USER_FIELDS).prefault("off").meta({
		description:
			"Field in which your proxy names the user whom it has signed in. Believed on gateway.socket, and from trusted_proxies that show one of certificates; from anybody else such a field is neither read nor forwarded.",
		risk: "Whoever can open the socket, or holds such a certificate, can be any user. The proxy must take the field away from callers.",
	}),
	role: identifier().prefault("user").meta({ description: "Whose rights such users have, where no rule says otherwise." }),
	groups_field: oneOf(PROXY_GROUP_FIELDS).prefault("off").meta({
		description:
			"Field in which your proxy lists the user's groups, separated by commas. Believed where field is, and neither read nor forwarded from anybody else. Groups count for rules, for roles.<name>.require and in the record.",
		risk: "The proxy must take the field away from callers, also where it has no groups to tell.",
	}),
	rules: listOf(ruleSection, { max: 1_000 })
		.prefault([])
		.meta({ description: "Roles and models of groups; of several groups of a user, the one named first here counts." }),
	certificates: listOf(identifier(), { max: 256 })
		.prefault([])
		.meta({
			description: "Ids of the principals whose client certificates (rempart enroll) are proxies', which may name users over TLS.",
			example: ["prn_4k2m9x7q"],
		}),
}).transform(({ field, role, groups_field, rules, certificates }, context) => {
	const useless = (path: string, hint: string) =>
		context.addIssue({ code: "custom", path: [path], message: joined({ message: "has no effect", hint }) });
	if (groups_field !== "off" && field === "off") useless("groups_field", "name the field of users too: field: remote-user");
	if (rules.length > 0 && groups_field === "off") useless("rules", "name the field of groups: groups_field: remote-groups");
	return { field: field === "off" ? null : field, role, groupsField: groups_field === "off" ? null : groups_field, rules, certificates };
});
