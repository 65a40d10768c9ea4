/** `proxy KIND`: prints a whole configuration for somebody else's proxy, with Rempart behind it or beside it. Changes nothing. */
import type { Command } from "commander";
import { readHostName } from "../../config/values/host-name.ts";
import { readListenAddress } from "../../config/values/listen.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { printable } from "../terminal.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

interface Options extends GlobalOptions {
	readonly beside?: boolean;
	readonly behind?: boolean;
	readonly name?: string;
	readonly cert?: string;
	readonly key?: string;
	readonly bind?: string;
	readonly lua?: boolean;
}

const EVERYWHERE = "0.0.0.0:443";

export function defineProxy(parent: Command, session: Session): void {
	addVerb<Options>(
		parent,
		session,
		"proxy <kind>",
		"print a configuration for nginx, traefik, caddy, haproxy or envoy before Rempart",
		proxy,
	)
		.option("--behind", "Rempart stands behind the proxy: everything holds (default)")
		.option("--beside", "the proxy asks Rempart and goes to Ollama itself (forward auth)")
		.option("--name <host>", "host name that callers use (default: the first of gateway.names)")
		.option("--bind <address>", `where the proxy listens (default: ${EVERYWHERE})`)
		.option("--cert <file>", "the proxy's certificate and chain, PEM")
		.option("--key <file>", "its private key, PEM")
		.option("--lua", "haproxy --beside: print the script instead")
		.addHelpText("after", "\nexample:\n  rempart proxy nginx --beside --name ollama.example.org > /etc/nginx/conf.d/ollama.conf");
}

async function proxy({ options, words: [kind = ""], surroundings }: Invocation<Options>): Promise<ExitCode> {
	const [{ CONFIGURATIONS }, { planOf }, { soundConfiguration }, { stateDirectoryOf }, { haproxyLua }] = await Promise.all([
		import("../proxy/configurations.ts"),
		import("../proxy/plan.ts"),
		import("../configuration.ts"),
		import("../state.ts"),
		import("../proxy/haproxy-lua.ts"),
	]);
	const { terminal } = surroundings;
	const print = Object.hasOwn(CONFIGURATIONS, kind) ? CONFIGURATIONS[kind] : undefined;
	if (print === undefined)
		throw new HintedError(`there is no configuration for "${kind}"`, `one of: ${Object.keys(CONFIGURATIONS).join(", ")}`);
	if (options.beside === true && options.behind === true) throw new HintedError("--beside and --behind exclude each other", "choose one");
	const arrangement = options.beside === true ? "beside" : "behind";
	if (options.lua === true && (kind !== "haproxy" || arrangement !== "beside")) {
		throw new HintedError("only haproxy --beside has a script", "leave --lua out");
	}
	const bind = readListenAddress(options.bind ?? EVERYWHERE);
	if (!("value" in bind)) throw new HintedError(`--bind: ${bind.message}`, bind.hint);
	const name = options.name === undefined ? null : readHostName(options.name, true);
	if (name !== null && !("value" in name)) throw new HintedError(`--name: ${name.message}`, name.hint);
	for (const file of [options.cert, options.key]) if (file !== undefined) refuseQuoting(file);
	const configuration = await soundConfiguration(options, surroundings);
	if (configuration === null) return EXIT.usage;
	const plan = planOf(configuration.loading.config, {
		arrangement,
		kind,
		name: name?.value ?? null,
		bind: bind.value,
		bindNamed: options.bind !== undefined,
		certificate: options.cert ?? null,
		key: options.key ?? null,
		stateDirectory: stateDirectoryOf(options, surroundings),
	});
	for (const file of [plan.ask.socket, plan.gateway.socket, plan.gateway.tls?.ca]) if (typeof file === "string") refuseQuoting(file);
	if (plan.proxyProtocol && arrangement === "behind" && kind !== "haproxy") {
		throw new HintedError(
			`${kind} does not speak the PROXY protocol's version 2 to servers of HTTP`,
			"set gateway.proxy_protocol: false; X-Forwarded-For says the same",
		);
	}
	const text = options.lua === true ? haproxyLua(plan) : print(plan);
	if (options.json === true) terminal.object({ kind, arrangement, configuration: text });
	else terminal.line(text.trimEnd());
	return EXIT.done;
}

/** A path is written into somebody else's language as it stands. */
function refuseQuoting(file: string): void {
	if (/^\/[\w./@+-]+$/.test(file)) return;
	throw new HintedError(
		`"${printable(file)}" is not a whole path without spaces and quotes`,
		"write it from the root: /etc/ssl/ollama/fullchain.pem",
	);
}
