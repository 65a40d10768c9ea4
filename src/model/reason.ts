/**
 * Why a request was refused: one table, from which types, replies, metrics, documents and tests derive.
 *
 *  - Codes are permanent; a retired one is never used again.
 *  - `message` is all that a caller reads: what to do next, not what we know. Every `credential-*` row is one answer from outside,
 *    so that nobody learns whether a key id exists.
 *  - `prefix` groups the metric label: whose doing the refusal was.
 */
export interface ReasonSpec {
	readonly status: number;
	readonly message: string;
	readonly prefix: "caller" | "policy";
	/** True where the connection cannot be used further, because what follows on it is not understood. */
	readonly closes: boolean;
}

const UNAUTHENTICATED = {
	status: 401,
	message: "a valid credential is needed: send your Rempart key as 'Authorization: Bearer rmp_live_…'",
	prefix: "caller",
	closes: false,
} as const;

const malformed = (status: number, message: string) => ({ status, message, prefix: "caller", closes: true }) as const;
const caller = (status: number, message: string) => ({ status, message, prefix: "caller", closes: false }) as const;
const policy = (status: number, message: string) => ({ status, message, prefix: "policy", closes: false }) as const;

export const REASONS = {
	// receive
	"request-malformed": malformed(400, "the request is not valid HTTP/1.1; send it with an ordinary HTTP client"),
	"request-target-too-long": malformed(414, "the request target is too long"),
	"request-head-too-large": malformed(431, "the request head is too large; send fewer or shorter header fields"),
	"http-version-unsupported": malformed(505, "use HTTP/1.1"),
	"transfer-coding-unsupported": malformed(501, "the only transfer coding understood is 'chunked'"),
	"expectation-unsupported": malformed(417, "the only expectation understood is '100-continue'"),
	"head-timeout": malformed(408, "the request head took too long; send it at once"),
	"body-timeout": malformed(408, "the request body took too long; send it faster, or raise limits.body_timeout"),
	"body-too-large": malformed(413, "the request body is too large for this operation; see limits.body in the configuration"),
	"connections-exhausted": malformed(503, "too many connections are open; close idle ones and try again"),
	"memory-pressure": malformed(503, "the server is short of memory; try again in a moment"),
	"shutting-down": malformed(503, "the server is shutting down; try again in a moment"),
	// identify
	"credential-missing": UNAUTHENTICATED,
	"credential-ambiguous": UNAUTHENTICATED,
	"credential-malformed": UNAUTHENTICATED,
	"credential-unknown": UNAUTHENTICATED,
	"credential-wrong": UNAUTHENTICATED,
	"credential-revoked": UNAUTHENTICATED,
	"credential-expired": UNAUTHENTICATED,
	"credential-stale": UNAUTHENTICATED,
	"credential-unprotected": UNAUTHENTICATED,
	"credential-incomplete": UNAUTHENTICATED,
	// From outside as if the credential were unknown: whoever stole it is not told that it is good elsewhere.
	"network-denied": UNAUTHENTICATED,
	"credential-misdirected": UNAUTHENTICATED,
	"password-attempts-exceeded": caller(429, "too many wrong passwords; wait as long as Retry-After says"),
	"password-checks-full": caller(503, "too many passwords are being checked; try again in a moment"),
	"token-checks-full": caller(503, "too many access tokens are being checked; try again in a moment"),
	"token-unmapped": policy(403, "your identity provider vouches for you, but no rule here lets you in; ask the operator"),
	// understand
	"host-not-served": caller(421, "this server does not answer for that Host; add the name to gateway.names in the configuration"),
	"origin-not-allowed": policy(403, "pages of that origin may not call this server; add it to gateway.origins in the configuration"),
	"operation-unknown": caller(404, "there is no such operation"),
	"method-not-allowed": caller(405, "this path does not take that method; see the Allow header"),
	"content-encoding-unsupported": caller(415, "send the request body without Content-Encoding"),
	"content-type-unsupported": caller(415, "declare the request body as application/json"),
	"body-missing": caller(400, "this operation needs a JSON body"),
	"body-unexpected": caller(400, "this operation takes no body"),
	"body-not-json": caller(400, "the body is not one valid JSON value in UTF-8"),
	"body-too-deep": caller(400, "the body is nested too deeply or has too many members"),
	"body-duplicate-key": caller(400, "the body names a key twice; send each key once"),
	"body-ambiguous-key": caller(
		400,
		"the body has a key that differs from a known one only in letter case; spell keys exactly as documented",
	),
	"body-wrong-type": caller(400, "a field of the body has the wrong type or value"),
	"body-not-multipart": caller(400, "the body is not the multipart form that this operation needs"),
	"model-missing": caller(400, "name a model in the field 'model'"),
	"model-name-invalid": caller(400, "the model name is not valid; write it as name:tag"),
	"digest-invalid": caller(400, "the digest is not of the form sha256:<64 hexadecimal digits>"),
	// authorize
	"role-unknown": policy(403, "your role is no longer configured; ask the operator"),
	"class-denied": policy(403, "your role does not permit this kind of operation; ask the operator for another role"),
	"model-denied": policy(403, "you may not use that model; list yours with GET /api/tags"),
	"registry-denied": policy(403, "models may not come from or go to that registry; the operator sets policy.pull.registries"),
	"cloud-denied": policy(403, "cloud models and cloud functions are not granted to you; ask the operator"),
	"parameter-denied": policy(403, "a parameter is beyond what your role allows; lower it"),
	// what a proxy that asks us does not show
	"body-unseen": policy(
		403,
		"the proxy does not show Rempart the body of this request, so the rules about models cannot be applied and it is refused; ask the operator",
	),
	"answer-unseen": policy(
		403,
		"Rempart does not see the answer to this request, so what you may not read cannot be taken out and it is refused; ask the operator",
	),
	"virtual-patch": policy(
		403,
		"the request matches a known attack on Ollama and was stopped; if it is honest, ask the operator to look it up by request id",
	),
	// admit
	"rate-exceeded": policy(429, "too many requests; wait as long as Retry-After says"),
	"budget-exceeded": policy(429, "a budget is used up; wait as long as Retry-After says, or see GET /rempart/me"),
	"concurrency-exceeded": policy(429, "too many of your requests are running; wait for one to end"),
	"queue-full": policy(503, "the server is busy and its queue is full; try again in a moment"),
	"queue-timeout": policy(503, "the server stayed busy for too long; try again in a moment"),
} as const satisfies Record<string, ReasonSpec>;

export type Reason = keyof typeof REASONS;
