/** `policy explain`: judges a request without running it and prints every rule in the order asked. A denied one is exit code 1. */
import type { Command } from "commander";

import type { ExplainProblem, ExplainRequest, ExplainSubject, Explanation } from "../../admin/admin-deps.ts";
import { CREDENTIAL_FACTORS, FACTORS, type Factor, isFactor } from "../../model/factor.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { explanationLines } from "../explanation-text.ts";
import { keyIdOf } from "../key-text.ts";
import { configOf, openAdministration, serverSocket } from "../open-administration.ts";
import type { GlobalOptions, Surroundings } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

const KINDS = CREDENTIAL_FACTORS.join(", ");

interface Options extends GlobalOptions {
	readonly key?: string;
	readonly role?: string;
	readonly from?: string;
	readonly with?: string;
}

export function definePolicyExplain(parent: Command, session: Session): void {
	addVerb<Options>(parent, session, "explain <method> <path> [body]", "say why a request would be allowed or refused", policyExplain)
		.option("--key <id>", "whose request it would be: the id of a key or an enrolled principal, or a whole key")
		.option("--role <role>", "a role as such, in place of a key")
		.option("--from <address>", "where it would come from")
		.option(
			"--with <factors>",
			`what would be shown besides, separated by commas: certificate; of a role as such also ${KINDS}, group:NAME`,
		)
		.addHelpText("after", `\nexample:\n  rempart policy explain --role user --from 192.0.2.7 POST /api/chat '{"model":"llama3.2"}'`);
}

async function policyExplain({ options, words: [method = "", path = "", body], surroundings }: Invocation<Options>): Promise<ExitCode> {
	const subject = subjectOf(options);
	const { terminal } = surroundings;
	const request = { subject, method: method.toUpperCase(), path, body: body ?? null, from: options.from ?? null, shown: shownIn(options) };
	const explained = await ask(request, options, surroundings);
	if ("problem" in explained) {
		terminal.error(explained.problem, explained.hint);
		return EXIT.usage;
	}
	if (options.json === true) terminal.object(explained);
	else for (const line of explanationLines(explained, terminal)) terminal.line(line);
	return explained.permitted ? EXIT.done : EXIT.no;
}

async function ask(request: ExplainRequest, options: Options, surroundings: Surroundings): Promise<Explanation | ExplainProblem> {
	// A role needs the configuration alone: no state is opened, and none is made, to ask about one while no server runs.
	if (options.admin === undefined && request.subject.kind === "role" && (await serverSocket(options, surroundings)) === null) {
		const { explainByConfiguration } = await import("../store-administration.ts");
		return explainByConfiguration(request, await configOf(options, surroundings));
	}
	await using administration = await openAdministration(options, surroundings, { create: false });
	return await administration.explain(request);
}

function shownIn({ with: written = "" }: Options): readonly Factor[] {
	return written
		.split(",")
		.map((word) => word.trim())
		.filter((word) => word !== "")
		.map((word) => {
			if (isFactor(word)) return word;
			throw new HintedError(
				`"${word}" is nothing that a caller can show`,
				`write for example: --with certificate; known are ${FACTORS.join(", ")}, group:NAME`,
			);
		});
}

function subjectOf({ key, role }: Options): ExplainSubject {
	if (key !== undefined && role === undefined) return { kind: "key", id: keyIdOf(key) };
	if (role !== undefined && key === undefined) return { kind: "role", name: role };
	throw new HintedError("whose request is it? one of --key and --role is needed", "write for example: --role user");
}
