/** Client certificates as a credential. */
import { isPlainText } from "../std/plain-text.ts";
import { filePath } from "./values/file-path.ts";
import { identifier } from "./values/identifier.ts";
import { described, joined } from "./values/mistake.ts";
import { modelPattern } from "./values/model-pattern.ts";
import { flag, listOf, oneOf } from "./values/plain.ts";
import { section } from "./values/section.ts";
import { textValue } from "./values/text-value.ts";

const CERTIFICATE_FIELDS = ["cn", "ou", "dns", "email", "uri"] as const;

const NAME_HINT = "write a name as it stands in the certificate, * standing for any characters but @ and /: *.build.example.org";
const SERIAL_HINT = "write its hexadecimal digits as openssl x509 -serial prints them: 4F2A91C0";

function namePattern() {
	return textValue<string>({
		title: "name pattern",
		noun: "a name",
		hint: NAME_HINT,
		// A star alone would make every certificate of that authority, whatever it was issued for, a principal.
		read: (text) =>
			isPlainText(text, 256) && /[^*.\s]/.test(text)
				? { value: text }
				: { message: `${described(text)} is not a name pattern`, hint: NAME_HINT },
	});
}

function serialNumber() {
	return textValue<string>({
		title: "serial number",
		noun: "a serial number",
		hint: SERIAL_HINT,
		read: (text) => {
			const digits = text.replaceAll(":", "").toUpperCase();
			if (!/^[0-9A-F]{1,64}$/.test(digits)) return { message: `${described(text)} is not a serial number`, hint: SERIAL_HINT };
			return { value: digits.replace(/^0+(?=.)/, "") };
		},
	});
}

const ruleSection = section({
	field: oneOf(CERTIFICATE_FIELDS).meta({
		description:
			"Which name is looked at: common name or organizational unit of the subject; DNS name, mail address or URI of the alternative names.",
		example: "dns",
	}),
	matches: namePattern().meta({
		description: "What it must be. A star stands for any characters but @ and /.",
		risk: "Whoever gets a certificate with such a name from that authority is let in.",
		example: "*.build.example.org",
	}),
	role: identifier().meta({ description: "Whose rights such a caller has.", example: "user" }),
	models: listOf(modelPattern(), { max: 256 })
		.optional()
		.meta({ description: "Models that it may use, narrower than the role.", example: ["llama3.2:*"] }),
}).transform(({ field, matches, role, models }) => ({ field, matches, role, models: models ?? null }));

export const certificatesSection = section({
	ask: flag().prefault(false).meta({
		description: "Whether callers are asked for a certificate while TLS shakes hands. Those without one go on with another credential.",
	}),
	authorities: filePath().optional().meta({
		description:
			"PEM file of outside authorities whose certificates are accepted where a rule fits: those that issue them, with or without their roots. Certificates from rempart enroll need no entry.",
		example: "/etc/rempart/client-ca.pem",
	}),
	rules: listOf(ruleSection, { max: 1_000 })
		.prefault([])
		.meta({ description: "Who the holders of outside certificates are; the first rule that fits decides." }),
	revoked: listOf(serialNumber(), { max: 10_000 })
		.prefault([])
		.meta({
			description:
				"Serial numbers that are refused, on open connections too. What was enrolled here is ended with: rempart principal remove.",
			example: ["4F2A91C0"],
		}),
	with_key: listOf(identifier(), { max: 64 })
		.prefault([])
		.meta({
			description: "Roles that demand both: a key, signature or password, and a certificate of the same role. Neither is enough alone.",
			example: ["admin"],
		}),
}).transform(({ ask, authorities, rules, revoked, with_key }, context) => {
	const useless = (path: string, hint: string) =>
		context.addIssue({ code: "custom", path: [path], message: joined({ message: "has no effect", hint }) });
	if (authorities !== undefined && rules.length === 0) useless("authorities", "add the rules that say who their holders are");
	if (rules.length > 0 && authorities === undefined)
		useless("rules", "name the PEM file of their authorities: authorities: /etc/rempart/client-ca.pem");
	if (!ask && authorities !== undefined) useless("authorities", "set ask: true, or leave it out");
	// Without asking nobody could ever satisfy it; to lock a role out is not what was meant.
	if (!ask && with_key.length > 0) useless("with_key", "set ask: true, or leave it out");
	return { ask, authorities: authorities ?? null, rules, revoked, withKey: with_key };
});
