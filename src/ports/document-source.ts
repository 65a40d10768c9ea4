import type { Secret } from "../std/secret.ts";

/** Small documents of a server that the operator named: what an identity provider publishes, and what it answers. */
export interface DocumentSource {
	/** Rejects with an Error that says why where there was no whole answer in time. No redirect is followed. */
	ask(question: DocumentQuestion): Promise<DocumentAnswer>;
	/** Ends what is being asked, and the connections. */
	close(): void;
}

export interface DocumentQuestion {
	/** Of http or https; whether http may be, the asker knows. */
	readonly url: string;
	/** Sent as a form by POST; null asks by GET. */
	readonly form: Readonly<Record<string, string>> | null;
	/** The Authorization field. */
	readonly authorization: Secret | null;
	readonly mostBytes: number;
	/** For all of it, names and handshakes included. */
	readonly timeoutMs: number;
}

export interface DocumentAnswer {
	readonly status: number;
	readonly body: Buffer;
}
