/** Why a caller is refused whose bytes are no request that the reader takes. */
import type { Reason } from "../model/reason.ts";
import type { WireProblem } from "../wire/message.ts";

export const REASON_OF_PROBLEM = {
	malformed: "request-malformed",
	"target-too-long": "request-target-too-long",
	"head-too-large": "request-head-too-large",
	"version-unsupported": "http-version-unsupported",
	"transfer-coding-unsupported": "transfer-coding-unsupported",
	"expectation-unsupported": "expectation-unsupported",
	truncated: "request-malformed",
} as const satisfies Record<WireProblem, Reason>;
