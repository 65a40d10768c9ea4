/** Requests as a client writes them, in bytes. */

export interface Ask {
	readonly method?: string;
	readonly path?: string;
	readonly key?: string;
	readonly fields?: readonly (readonly [string, string])[];
	readonly json?: unknown;
	/** Instead of `json`: as it stands. */
	readonly body?: string | Buffer;
	/** Of the body; JSON unless told otherwise. */
	readonly contentType?: string;
}

export function ask({ method, path = "/api/tags", key, fields = [], json, body, contentType = "application/json" }: Ask): Buffer {
	const payload = Buffer.from(json === undefined ? (body ?? "") : JSON.stringify(json));
	const lines = [`${method ?? (payload.length > 0 ? "POST" : "GET")} ${path} HTTP/1.1`, "Host: localhost"];
	if (key !== undefined) lines.push(`Authorization: Bearer ${key}`);
	for (const [name, value] of fields) lines.push(`${name}: ${value}`);
	if (payload.length > 0) lines.push(`Content-Type: ${contentType}`, `Content-Length: ${payload.length}`);
	return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), payload]);
}

export function chat(key: string, more: Record<string, unknown> = {}): Buffer {
	return ask({ path: "/api/chat", key, json: { model: "door", messages: [{ role: "user", content: "who is there?" }], ...more } });
}
