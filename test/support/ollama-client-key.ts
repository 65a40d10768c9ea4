/** Signs as the `ollama` program does with `OLLAMA_AUTH=1`, with a key that is made here. */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export interface OllamaClientKey {
	/** The file `id_ed25519.pub`. */
	readonly line: string;
	/** Its second word. */
	readonly publicKey: string;
	/** PKCS #8, which the program reads as well as its own form. */
	readonly privateKeyPem: string;
	/** The Authorization field for a request at that second. */
	authorization(method: string, path: string, seconds: number): string;
}

export function ollamaClientKey(): OllamaClientKey {
	const { publicKey, privateKey } = generateKeyPairSync("ed25519");
	const blob = blobOf("ssh-ed25519", pointOf(publicKey));
	return {
		line: `ssh-ed25519 ${blob}\n`,
		publicKey: blob,
		privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
		authorization: (method, path, seconds) =>
			`${blob}:${sign(null, Buffer.from(`${method},${path}?ts=${seconds}`), privateKey).toString("base64")}`,
	};
}

/** SSH's wire form of a public key, in base64. */
export function blobOf(type: string, point: Buffer): string {
	return Buffer.concat([stringOf(Buffer.from(type)), stringOf(point)]).toString("base64");
}

function stringOf(bytes: Buffer): Buffer {
	const length = Buffer.alloc(4);
	length.writeUInt32BE(bytes.length);
	return Buffer.concat([length, bytes]);
}

function pointOf(key: KeyObject): Buffer {
	return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
}
