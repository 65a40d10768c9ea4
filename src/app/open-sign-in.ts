/** Signing people in, as the configuration says at the moment: opened with the server, exchanged by a reload, and told apart from what is off. */
import type { Overstepped } from "../admin/admin-api.ts";
import type { SessionAdmin } from "../admin/admin-deps.ts";
import type { Config } from "../config/config.ts";
import type { SignInConfig } from "../config/sign-in.ts";
import { askProvider } from "../http/provider-fetch.ts";
import type { SignInDesk, SignInDeskDeps, SignInSettings } from "../sign-in/sign-in-desk.ts";
import { readAuthoritiesFile } from "./read-named-file.ts";
import { readSecret } from "./read-secret.ts";

const SWEEP_MS = 15_000;
const OVERSTEPS_PER_MINUTE = 60;

export class SignIn {
	readonly #deps: SignInDeskDeps;
	#desk: SignInDesk | null = null;
	readonly #sweeping: NodeJS.Timeout;
	#oversteps = { since: Number.NEGATIVE_INFINITY, count: 0 };

	constructor(deps: Omit<SignInDeskDeps, "ask">) {
		this.#deps = { ...deps, ask: askProvider };
		this.#sweeping = setInterval(() => this.#desk?.sessions.sweep(), SWEEP_MS);
		this.#sweeping.unref();
	}

	get desk(): SignInDesk | null {
		return this.#desk;
	}

	/** Reads secrets and files, and changes nothing; what comes back puts it into force. Rejects with a HintedError. */
	async prepare({ admin: { signIn } }: Config): Promise<() => void> {
		if (signIn === null) {
			return () => {
				this.#desk?.sessions.endAll("the rules changed");
				this.#desk = null;
			};
		}
		const settings = await signInSettingsOf(signIn);
		// Loaded where somebody may sign in: it brings a client of OpenID Connect.
		const { SignInDesk } = await import("../sign-in/sign-in-desk.ts");
		return () => {
			if (this.#desk === null) this.#desk = new SignInDesk(settings, this.#deps);
			else this.#desk.adjust(settings);
		};
	}

	readonly sessions: SessionAdmin = {
		list: () => {
			const sessions = this.#desk?.sessions;
			return (sessions?.all() ?? []).map((session) => ({
				id: session.id,
				person: session.person.id,
				name: session.person.name,
				role: session.person.role,
				way: session.way,
				signedInAt: session.createdAt,
				lastUsedAt: session.lastUsedAt,
				expiresAt: sessions?.expiryOf(session) ?? 0,
			}));
		},
		end: (id, by) => this.#desk?.sessions.end(id, "ended by an administrator", by) ?? false,
	};

	/** Asking for more than one may, over and over, must not fill the log. */
	readonly overstepped: Overstepped = ({ by, role }, what, needs) => {
		const now = this.#deps.monotonic();
		if (now - this.#oversteps.since >= 60_000) this.#oversteps = { since: now, count: 0 };
		this.#oversteps.count += 1;
		if (this.#oversteps.count > OVERSTEPS_PER_MINUTE) return;
		const recorded = this.#deps.record({ type: "administration-refused", at: this.#deps.now(), by, role, what, detail: needs });
		recorded.settled.catch(() => undefined);
	};

	close(): void {
		clearInterval(this.#sweeping);
	}
}

/** Reads secrets and files. Throws a HintedError where that cannot be. */
export async function signInSettingsOf(config: SignInConfig): Promise<SignInSettings> {
	const { issuer, clientId, clientSecret, publicUrl, scopes, algorithms, authorities, userInfo, rules } = config;
	return {
		publicUrl: publicUrl.text,
		provider: {
			issuer: issuer.text,
			clientId,
			clientSecret: clientSecret === null ? null : await readSecret(clientSecret, "admin.sign_in.client_secret"),
			redirectUri: `${publicUrl.text}/sign-in/callback`,
			scopes,
			algorithms,
			authorities: authorities === null ? null : await readAuthoritiesFile(authorities, "admin.sign_in.authorities"),
			userInfo,
		},
		rules,
		limits: { idleMs: config.idleMs, lifetimeMs: config.lifetimeMs, maxSessions: config.maxSessions },
	};
}
