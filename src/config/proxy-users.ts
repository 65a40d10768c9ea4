/** People whom a proxy has signed in, named by it in a field: believed only where the way itself proves that it is the proxy. */
import { identifier } from "./values/identifier.ts";
import { listOf, oneOf } from "./values/plain.ts";
import { section } from "./values/section.ts";

export const PROXY_USER_FIELDS = ["off", "remote-user", "x-forwarded-user", "x-auth-request-user"] as const;

export const proxyUsersSection = section({
	field: oneOf(PROXY_USER_FIELDS).prefault("off").meta({
		description:
			"Field in which your proxy names the user whom it has signed in. Believed on gateway.socket, and from trusted_proxies that show one of certificates; from anybody else such a field is neither read nor forwarded.",
		risk: "Whoever can open the socket, or holds such a certificate, can be any user. The proxy must take the field away from callers.",
	}),
	role: identifier().prefault("user").meta({ description: "Whose rights such users have." }),
	certificates: listOf(identifier(), { max: 256 })
		.prefault([])
		.meta({
			description: "Ids of the principals whose client certificates (rempart enroll) are proxies', which may name users over TLS.",
			example: ["prn_4k2m9x7q"],
		}),
}).transform(({ field, role, certificates }) => ({ field: field === "off" ? null : field, role, certificates }));
