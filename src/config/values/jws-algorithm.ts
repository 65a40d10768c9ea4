/** Of JWS, asymmetric without exception: with a shared secret whoever can check a token could also make one. */
export const JWS_ALGORITHMS = [
	"RS256",
	"RS384",
	"RS512",
	"PS256",
	"PS384",
	"PS512",
	"ES256",
	"ES384",
	"ES512",
	"EdDSA",
	"Ed25519",
] as const;
