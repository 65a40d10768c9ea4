/** Every check of `doctor`, in the order in which one would ask. */
import { certificate } from "./certificate.ts";
import type { Check } from "./check.ts";
import { clock } from "./clock.ts";
import { configuration } from "./configuration.ts";
import { eventLog } from "./event-log.ts";
import { gateway } from "./gateway.ts";
import { identityProviders } from "./identity-providers.ts";
import { keyStore } from "./key-store.ts";
import { passwords } from "./passwords.ts";
import { runtime } from "./runtime.ts";
import { signIn } from "./sign-in.ts";
import { state } from "./state.ts";
import { upstream } from "./upstream.ts";

export const CHECKS: readonly Check[] = [
	runtime,
	clock,
	configuration,
	state,
	keyStore,
	passwords,
	identityProviders,
	signIn,
	eventLog,
	certificate,
	upstream,
	gateway,
];
