/**
 * The built-in demonstration server: speaks Ollama's wire format with models whose answers are known, for a first look without an Ollama and for tests.
 *
 *  - On the wire it is not to be told from a real Ollama; whoever starts it says to people that it is a demonstration.
 *  - It binds loopback alone, makes no connection, writes no file and keeps nothing.
 *  - A caller's FIN is a departure: generation stops in the same turn of the event loop.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

import type { Clock, Stopwatch } from "../std/clock.ts";
import { type Exchange, Refusal, type World } from "./exchange.ts";
import { type Arrival, redirect, turnAway } from "./gates.ts";
import { Memory } from "./memory.ts";
import { DEMONSTRATION_MODELS, type ModelSpec, ModelStore } from "./model-store.ts";
import { Moments } from "./moments.ts";
import { Reply } from "./reply.ts";
import { match, methodsOf } from "./routes.ts";
import { type Runner, ScriptedRunner } from "./runner.ts";

export interface DemonstrationOptions {
	readonly host: "127.0.0.1";
	/** 0 for any. */
	readonly port: number;
	readonly clock: Clock;
	/** For durations; the process's own unless given. */
	readonly stopwatch?: Stopwatch;
	readonly models?: readonly ModelSpec[];
	/** Milliseconds a token; 0, the default, is as fast as callers read. */
	readonly pace?: number;
	/** In place of the scripted one, for tests of runners that misbehave. */
	readonly runner?: Runner;
}

export interface Demonstration {
	readonly url: string;
	readonly port: number;
	/** Ends open streams too. */
	close(): Promise<void>;
}

/** Bodies that are read whole. Uploads of blobs are streamed and have no limit. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Rejects when the port is taken. */
export async function startDemonstration(options: DemonstrationOptions): Promise<Demonstration> {
	const moments = new Moments(options.clock, options.stopwatch ?? (() => performance.now()));
	const world: World = {
		moments,
		models: new ModelStore(moments, options.models ?? DEMONSTRATION_MODELS),
		memory: new Memory(moments),
		runner: options.runner ?? new ScriptedRunner(options.pace ?? 0),
		random: (limit) => Math.floor(Math.random() * limit),
	};
	// Uploads take as long as they take; the peer is on loopback.
	const server = createServer(
		{ requestTimeout: 0, keepAliveTimeout: 0, noDelay: true, maxHeaderSize: 1024 * 1024 },
		(request, response) => {
			serve(world, request, response).catch(() => response.destroy());
		},
	);
	// A caller that sent FIN still reads: Ollama cancels and writes its error to it.
	Object.assign(server, { httpAllowHalfOpen: true });
	server.on("clientError", (_error: Error, socket: Socket) => {
		if (socket.writable)
			socket.end("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request");
	});
	server.listen(options.port, options.host);
	await once(server, "listening");
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("the demonstration server has no port");
	return {
		url: `http://${options.host}:${address.port}`,
		port: address.port,
		close: async () => {
			const closed = once(server, "close");
			server.close();
			server.closeAllConnections();
			await closed;
		},
	};
}

async function serve(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
	const reply = new Reply(response, world.moments);
	const departure = departureOf(request, response);
	try {
		await route(world, request, reply, departure.signal);
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		reply.error(error.status, error.message);
	} finally {
		departure.forget();
	}
	reply.end();
	// A body that nobody read would stand between this request and the next.
	request.resume();
}

async function route(world: World, request: IncomingMessage, reply: Reply, departed: AbortSignal): Promise<void> {
	const arrival = arrivalOf(request);
	const path = decoded(arrival.path);
	const matched = match(arrival.method, path);
	const allowed = matched === null ? methodsOf(path) : [];
	if (allowed.length > 0) reply.set("Allow", allowed.join(", "));
	if (turnAway(arrival, reply)) return;
	if (matched !== null) {
		const header = (name: string) => String(request.headers[name] ?? "");
		const exchange: Exchange = { ...world, ...matched, path, header, body: () => bodyOf(request), upload: request, reply, departed };
		await matched.handler(exchange);
	} else if (allowed.length > 0) {
		reply.text(405, "405 method not allowed");
	} else if (path.endsWith("/") && match(arrival.method, path.slice(0, -1)) !== null) {
		redirect(arrival.method, arrival.method === "GET" ? 301 : 307, arrival.path.slice(0, -1) + arrival.query, reply);
	} else {
		reply.text(404, "404 page not found");
	}
}

/** The target's parts; in absolute form its authority counts, not the Host header. */
function arrivalOf(request: IncomingMessage): Arrival {
	const target = request.url ?? "/";
	const absolute = /^https?:\/\/([^/?]*)(.*)$/.exec(target);
	const rest = absolute?.[2] ?? target;
	const at = rest.indexOf("?");
	return {
		method: request.method ?? "GET",
		path: (at < 0 ? rest : rest.slice(0, at)) || "/",
		query: at < 0 ? "" : rest.slice(at),
		host: absolute?.[1] ?? request.headers.host ?? "",
		origin: String(request.headers.origin ?? ""),
	};
}

function decoded(path: string): string {
	try {
		return decodeURIComponent(path);
	} catch {
		return path;
	}
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
	const parts: Buffer[] = [];
	let size = 0;
	for await (const part of request) {
		const bytes: Buffer = part;
		size += bytes.length;
		if (size > MAX_BODY_BYTES) throw new Refusal(413, "request body too large");
		parts.push(bytes);
	}
	return Buffer.concat(parts);
}

/** Aborts when the caller sends FIN or goes, whichever comes first. */
function departureOf({ socket }: IncomingMessage, response: ServerResponse): { readonly signal: AbortSignal; forget(): void } {
	const departure = new AbortController();
	const leave = () => {
		// Else Node takes the connection for one that goes on, and never answers the FIN.
		response.shouldKeepAlive = false;
		departure.abort();
	};
	socket.once("end", leave);
	response.once("close", leave);
	if (socket.readableEnded) leave();
	return {
		signal: departure.signal,
		forget: () => {
			socket.off("end", leave);
			response.off("close", leave);
		},
	};
}
