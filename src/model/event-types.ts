/** Every type of event with one line on when it is written: queries are checked against it and the reference is made of it. */
import type { EventType } from "./event.ts";

export const EVENT_TYPES = {
	"request-started": "It was decided whether a request may run; written before anything is sent to the upstream.",
	"request-ended": "The last byte of the answer is out, or the caller is gone.",
	"refusals-summarised": "Refusals beyond the sampling rate, counted instead of written one by one.",
	"key-created": "A key was made.",
	"key-rotated": "A key was given a new secret.",
	"key-revoked": "A key was revoked.",
	"principal-added": "A principal was enrolled with a public key of its own.",
	"principal-removed": "An enrolled principal was removed; its key opens nothing any more.",
	"guessing-noticed": "Wrong passwords passed what is free for a network, for an account or in all; further attempts have to wait.",
	"principal-unfamiliar":
		"A principal that is known came from another country or network, or with another kind of client, than ever before; it may have leaked.",
	"anomaly-volume": "A principal used far more tokens within an hour than it ever does.",
	"anomaly-model": "A principal used a model that it never used before.",
	"anomaly-hour": "A principal was at work at an hour of the day at which it never is.",
	"budget-reset": "Somebody let a budget begin anew, for everybody or for one subject.",
	"person-signed-in": "Somebody signed in to administer.",
	"person-signed-out": "A session of somebody who administers ended; tells why.",
	"sign-in-refused": "Somebody who came back from the provider was not let in.",
	"administration-refused": "Somebody who is signed in asked for what their role may not do.",
	"passwords-loaded": "The users of an htpasswd file are in force; tells what is weak about them.",
	"passwords-rejected": "An htpasswd file was refused; the users before it stay in force.",
	"identity-provider-up": "An identity provider's keys are here; its access tokens can be checked.",
	"identity-provider-down": "An identity provider does not answer; keys from before are good for a while, and then its tokens are a fault.",
	"server-started": "The server started; binds the chain to the configuration it read.",
	"server-stopped": "The server stopped after draining.",
	"config-reloaded": "A new configuration is in force.",
	"config-rejected": "A configuration was refused; the one before stays in force.",
	"certificate-reloaded": "A new certificate is in force for new connections.",
	"certificate-rejected": "A certificate was refused; the one before stays in force.",
	"upstream-up": "An upstream answers its health checks.",
	"upstream-down": "An upstream does not answer its health checks.",
	"runner-wedged": "A model's runner takes requests and answers none.",
	"runner-healed": "A wedged runner was unloaded and answers again.",
	"runner-heal-failed": "A wedged runner could not be healed.",
	"events-pruned": "Old events are removed, as `events.retention` says; names the signed checkpoint up to which.",
	"fault-raised": "Something failed outside any request.",
	"log-recovered": "The event log can be written again; tells how many events were lost meanwhile.",
} as const satisfies Record<EventType, string>;

export function isEventType(text: string): text is EventType {
	return Object.hasOwn(EVENT_TYPES, text);
}

/** In the table's order. */
export const EVENT_TYPE_NAMES: readonly string[] = Object.keys(EVENT_TYPES);
