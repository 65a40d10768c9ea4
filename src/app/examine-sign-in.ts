import type { SignInConfig } from "../config/sign-in.ts";
import { askProvider } from "../http/provider-fetch.ts";
import { IdentityProvider } from "../sign-in/identity-provider.ts";
import { newToken } from "../sign-in/token.ts";
import { signInSettingsOf } from "./open-sign-in.ts";

/**
 * Asks the provider of people who administer as the server would when somebody begins to sign in. Rejects with what is
 * wrong: a HintedError of the settings, a SignInProblem of the provider.
 */
export async function examineSignIn(config: SignInConfig): Promise<void> {
	const { provider } = await signInSettingsOf(config);
	const attempt = { state: newToken(), nonce: newToken(), verifier: newToken() };
	await new IdentityProvider(provider, askProvider, () => performance.now()).authorizationUrl(attempt);
}
