import { examineSignIn } from "../../app/examine-sign-in.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { defineCheck, fail, ok, skipped } from "./check.ts";

const NEXT = "is it up, is the issuer written exactly as it names itself, and does this machine trust its certificate (authorities)?";

export const signIn = defineCheck({
	id: "sign-in",
	title: "signing in",
	async examine({ config }) {
		if (config === null) return [skipped("the configuration has to be mended first")];
		const spec = config.admin.signIn;
		if (spec === null) return [skipped("no provider is configured, so nobody signs in to administer")];
		try {
			await examineSignIn(spec);
			return [ok(`${spec.issuer.text} answers, and would send people back to ${spec.publicUrl.text}`)];
		} catch (error) {
			const why = error instanceof Error ? error.message : String(error);
			return [error instanceof HintedError ? fail(why, error.hint) : fail(`${spec.issuer.text}: ${why}`, NEXT)];
		}
	},
});
