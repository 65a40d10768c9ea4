/**
 * A fault: we could not tell, or could not do. Thrown, turned into 502, 503 or 504 by the pipeline alone, recorded, never a permit.
 *
 * `message` and `cause` go to the record; a caller reads only the table's text.
 */
export interface FaultSpec {
	readonly status: 502 | 503 | 504;
	readonly message: string;
	readonly prefix: "upstream" | "rempart";
}

const upstream = (status: 502 | 503 | 504, message: string) => ({ status, message, prefix: "upstream" }) as const;
const rempart = (status: 502 | 503, message: string) => ({ status, message, prefix: "rempart" }) as const;

export const FAULTS = {
	"upstream-unreachable": upstream(502, "the model server cannot be reached; the operator should check that Ollama runs (rempart doctor)"),
	"upstream-malformed": upstream(502, "the model server answered with something that is not valid HTTP"),
	"upstream-truncated": upstream(502, "the model server broke off in the middle of its answer; try again"),
	"upstream-timeout": upstream(504, "the model server did not answer in time; try again"),
	"runner-wedged": upstream(504, "the model's runner takes requests and answers none; it is being reloaded, so try again in a few seconds"),
	"event-log-unavailable": rempart(
		503,
		"requests cannot be recorded at present, so none is served; the operator should run rempart doctor",
	),
	"key-store-unavailable": rempart(503, "credentials cannot be checked at present; the operator should run rempart doctor"),
	"identity-provider-unavailable": rempart(
		503,
		"access tokens cannot be checked at present, since the identity provider does not answer; try again in a moment",
	),
	"internal-error": rempart(503, "something went wrong here; tell the operator the request id"),
} as const satisfies Record<string, FaultSpec>;

export type FaultCode = keyof typeof FAULTS;

export class Fault extends Error {
	override readonly name = "Fault";
	readonly code: FaultCode;

	constructor(code: FaultCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}
