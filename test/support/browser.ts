/**
 * A browser as far as signing in needs one: cookies by host and path, redirects, forms, and the fields by which a browser says where a request comes from.
 *
 * Cookies go to every port of a host, as they do in browsers, so what must not clash is seen to.
 */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

export interface Visited {
	readonly url: string;
	readonly status: number;
	readonly headers: IncomingMessage["headers"];
	readonly text: string;
}

interface Cookie {
	readonly name: string;
	readonly value: string;
	readonly path: string;
	/** As it was set. */
	readonly line: string;
}

interface Going {
	readonly method: "GET" | "POST";
	readonly form: Readonly<Record<string, string>> | null;
	/** Whose page leads there; null for what is typed. */
	readonly from: string | null;
	readonly headers: Readonly<Record<string, string>>;
	/** Where to stop: the redirect itself is the answer. */
	readonly until: (url: URL) => boolean;
}

const REDIRECTS_MAX = 20;

export class Browser {
	readonly #cookies = new Map<string, Map<string, Cookie>>();

	cookie(url: string, name: string): Cookie | null {
		return this.#cookies.get(new URL(url).hostname)?.get(name) ?? null;
	}

	plant(url: string, name: string, value: string): void {
		this.#keep(url, `${name}=${value}; Path=/`);
	}

	/** Typed, or followed from `from`. */
	visit(url: string, { from = null, headers = {}, until = () => false }: Partial<Going> = {}): Promise<Visited> {
		return this.#go(url, { method: "GET", form: null, from, headers, until });
	}

	/** A form of the page at `from`. */
	submit(
		url: string,
		form: Readonly<Record<string, string>>,
		{ from = url, headers = {}, until = () => false }: Partial<Going> = {},
	): Promise<Visited> {
		return this.#go(url, { method: "POST", form, from, headers, until });
	}

	/** As a page of the same origin sends it by a script. */
	send(url: string, body: object, headers: Readonly<Record<string, string>>): Promise<Visited> {
		const own = {
			origin: new URL(url).origin,
			"sec-fetch-site": "same-origin",
			"sec-fetch-mode": "cors",
			"content-type": "application/json",
		};
		return this.#ask(url, "POST", JSON.stringify(body), { ...own, ...headers });
	}

	/** The form of a page, with every field filled as the page has it and `changes` besides. */
	submitFormOf(
		page: Visited,
		changes: Readonly<Record<string, string>> = {},
		until: (url: URL) => boolean = () => false,
	): Promise<Visited> {
		const action = /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1] ?? "";
		const fields = [...page.text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
			attribute(input, "name"),
			attribute(input, "value"),
		]);
		const form: Record<string, string> = Object.fromEntries(fields);
		// As browsers do: where a page may not be named as the referrer, neither may its origin (Fetch §3.2).
		const headers: Record<string, string> = page.headers["referrer-policy"] === "no-referrer" ? { origin: "null" } : {};
		return this.submit(new URL(unescaped(action), page.url).href, { ...form, ...changes }, { from: page.url, until, headers });
	}

	async #go(url: string, going: Going): Promise<Visited> {
		let { method, form } = going;
		let here = url;
		let site = siteOf(going.from, url);
		for (let hop = 0; hop < REDIRECTS_MAX; hop++) {
			const answer = await this.#ask(here, method, form, { ...metadata(method, going.from, site), ...going.headers });
			const { location } = answer.headers;
			if (answer.status < 300 || answer.status > 399 || location === undefined) return answer;
			const next = new URL(location, here);
			if (going.until(next)) return { ...answer, url: next.href };
			const then = siteOf(here, next.href);
			if (site === "none" || site === "same-origin" || then === "cross-site")
				site = site === "none" ? (then === "same-origin" ? "none" : then) : then;
			// A redirect after a form asks for a page.
			method = "GET";
			form = null;
			here = next.href;
		}
		throw new Error(`redirects without end at ${here}`);
	}

	async #ask(url: string, method: string, body: Going["form"] | string, headers: Record<string, string>): Promise<Visited> {
		const cookie = this.#cookiesFor(url);
		const asked = request(url, {
			method,
			agent: false,
			headers: {
				...headers,
				...(cookie === "" ? {} : { cookie }),
				...(body === null || typeof body === "string" ? {} : { "content-type": "application/x-www-form-urlencoded" }),
			},
		});
		asked.end(body === null ? undefined : typeof body === "string" ? body : new URLSearchParams(body).toString());
		// `once` knows no types of events.
		const [answer] = (await once(asked, "response")) as [IncomingMessage];
		let text = "";
		for await (const piece of answer.setEncoding("utf8")) text += String(piece);
		for (const line of answer.headers["set-cookie"] ?? []) this.#keep(url, line);
		return { url, status: answer.statusCode ?? 0, headers: answer.headers, text };
	}

	#keep(url: string, line: string): void {
		const { hostname } = new URL(url);
		const [pair = "", ...attributes] = line.split(";");
		const at = pair.indexOf("=");
		const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
		const path = attributes.map((one) => /^\s*path=(.*)$/i.exec(one)?.[1]).find((one) => one !== undefined) ?? "/";
		const jar = this.#cookies.get(hostname) ?? new Map<string, Cookie>();
		this.#cookies.set(hostname, jar);
		const gone = /max-age=0\b/i.test(line) || /expires=Thu, 01 Jan 1970/i.test(line);
		if (gone) jar.delete(name);
		else jar.set(name, { name, value, path, line });
	}

	#cookiesFor(url: string): string {
		const { hostname, pathname } = new URL(url);
		const all = [...(this.#cookies.get(hostname)?.values() ?? [])];
		return all
			.filter(({ path }) => pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`))
			.map(({ name, value }) => `${name}=${value}`)
			.join("; ");
	}
}

function metadata(method: string, from: string | null, site: string): Record<string, string> {
	return {
		"sec-fetch-site": site,
		"sec-fetch-mode": "navigate",
		"sec-fetch-dest": "document",
		...(method === "POST" && from !== null ? { origin: new URL(from).origin } : {}),
	};
}

/** Of W3C's fetch metadata; a site is taken for a host here, and its ports for origins. */
function siteOf(from: string | null, to: string): string {
	if (from === null) return "none";
	const [one, other] = [new URL(from), new URL(to)];
	if (one.origin === other.origin) return "same-origin";
	return one.hostname === other.hostname ? "same-site" : "cross-site";
}

function attribute(tag: string, name: string): string {
	return unescaped(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? "");
}

function unescaped(text: string): string {
	return text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
