/**
 * Requests with a password from an htpasswd file of bcrypt (cost 10), and what guessers cost those who know theirs.
 *
 *  - nginx and Rempart serve the same user from the same hash. nginx hashes anew for each request, Rempart once. A rate is requests for each second of
 *    the proxy's CPU, which is what its core does when it is full.
 *  - A caller who knows the password is measured alone and beside fifty who guess, in turns, from the same address: the hardest case, since nothing
 *    but the name and what was right before tells them apart.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { BASIC, HASHES, USER } from "../credentials.ts";
import type { Figure } from "../figure.ts";
import { findProgram } from "../machine.ts";
import { startNginx } from "../nginx.ts";
import { quantile, spreadOf } from "../statistics.ts";
import { perform } from "./jobs.ts";
import type { PasswordsJob, PasswordsResult } from "./passwords-load.ts";
import { startGateway, startScript, startUpstream } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";

const GUESSERS = 50;
const CALLERS = 32;
/** More would only wait longer for its only thread. */
const NGINX_CALLERS = 4;
const WARM_UP_MS = 1_000;
const FIRST_WARM_UP_MS = 6_000;
const SLACK_MS = 30_000;
/** Who is right asks as a program does, not as a flood. */
const PAUSE_MS = 5;

interface Proxy {
	readonly port: number;
	readonly pid: number;
}

type Measure = (proxy: Proxy, job: Partial<PasswordsJob>) => Promise<PasswordsResult>;

export async function passwords(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const [rounds, windowMs] = around.quick ? [2, 2_000] : [5, 4_000];
	const folder = join(around.folder, "passwords");
	mkdirSync(folder, { recursive: true });
	const file = join(folder, "users");
	writeFileSync(file, `${USER}:${HASHES.bcrypt}\n`, { mode: 0o600 });
	const upstream = await startUpstream(around);
	const gateway = await startGateway(
		{ name: "passwords", upstream: upstream.url, settings: { identities: { htpasswd: { file } } } },
		around,
	);
	const load = startScript("passwords-load", around);
	const measure: Measure = ({ port, pid }, job) => {
		const whole = {
			port,
			proxyPid: pid,
			authorization: BASIC,
			callers: 1,
			guessers: 0,
			guessedUser: null,
			pauseMs: 0,
			warmUpMs: WARM_UP_MS,
			windowMs,
			...job,
		};
		return perform<PasswordsJob, PasswordsResult>(load, whole, whole.warmUpMs + whole.windowMs + SLACK_MS);
	};
	await measure(gateway, { callers: CALLERS, warmUpMs: around.quick ? WARM_UP_MS : FIRST_WARM_UP_MS, windowMs: 1 });
	const figures = [
		...(await besideNginx(around, upstream.port, gateway, rounds, measure)),
		await besideGuessers("names that nobody has", null, gateway, rounds, around, measure),
		await besideGuessers("the same account", USER, gateway, rounds, around, measure),
	];
	await Promise.all([load.stop(), gateway.stop(), upstream.stop()]);
	return figures;
}

async function besideNginx(
	around: SpecialSurroundings,
	upstreamPort: number,
	gateway: Proxy,
	rounds: number,
	measure: Measure,
): Promise<readonly Figure[]> {
	const program = findProgram("nginx");
	if (program === null) {
		around.note("nginx is missing, so its bcrypt is not measured: apt-get install nginx-light");
		return [];
	}
	const variant = { name: "nginx-bcrypt", password: "bcrypt", accessLog: false, tls: false } as const;
	const nginx = await startNginx(program, variant, { ...around, folder: join(around.folder, "passwords"), upstreamPort });
	const rates: { readonly nginx: number; readonly rempart: number }[] = [];
	for (let round = 1; round <= rounds; round += 1) {
		const theirs = rateOf(await measure(nginx, { callers: NGINX_CALLERS }));
		const ours = rateOf(await measure(gateway, { callers: CALLERS }));
		rates.push({ nginx: theirs, rempart: ours });
		around.note(`passwords, round ${round} of ${rounds}: ${theirs.toFixed(1)} and ${ours.toFixed(0)} requests for a second of CPU`);
	}
	await nginx.stop();
	const { median, least, most } = spreadOf(rates.map(({ nginx: theirs, rempart }) => rempart / theirs));
	return [
		{
			id: "password-rate/nginx-bcrypt",
			what: "requests/s of a full core with a bcrypt htpasswd of cost 10, against nginx on the same file",
			value: median,
			unit: "×",
			spread: [least, most],
			atLeast: 100,
			aim: 500,
			better: "more",
			detail: `${spreadOf(rates.map(({ rempart }) => rempart)).median.toFixed(0)} against ${spreadOf(rates.map((rate) => rate.nginx)).median.toFixed(1)} a second`,
		},
	];
}

async function besideGuessers(
	what: string,
	guessedUser: string | null,
	gateway: Proxy,
	rounds: number,
	around: SpecialSurroundings,
	measure: Measure,
): Promise<Figure> {
	const growths: number[] = [];
	const p99s: { readonly alone: number; readonly beside: number }[] = [];
	const answers: Record<string, number> = {};
	for (let round = 1; round <= rounds; round += 1) {
		const alone = p99Of(await measure(gateway, { pauseMs: PAUSE_MS }));
		const result = await measure(gateway, { pauseMs: PAUSE_MS, guessers: GUESSERS, guessedUser });
		const beside = p99Of(result);
		for (const [status, count] of Object.entries(result.guesses)) answers[status] = (answers[status] ?? 0) + count;
		p99s.push({ alone, beside });
		growths.push((beside / alone - 1) * 100);
		around.note(`guessing at ${what}, round ${round} of ${rounds}: p99 ${alone.toFixed(2)} and ${beside.toFixed(2)} ms`);
	}
	const { median, least, most } = spreadOf(growths);
	const guesses = Object.entries(answers).map(([status, count]) => `${count} × ${status}`);
	return {
		id: `password-guessed-at/${guessedUser === null ? "names" : "account"}`,
		what: `p99 of a caller with the right password grows while ${GUESSERS} guess at ${what}`,
		value: median,
		unit: "%",
		spread: [least, most],
		atLeast: 20,
		aim: 5,
		better: "less",
		detail: `${spreadOf(p99s.map(({ alone }) => alone)).median.toFixed(2)} ms alone, ${spreadOf(p99s.map(({ beside }) => beside)).median.toFixed(2)} ms beside them; guesses were answered ${guesses.join(", ")}`,
	};
}

function rateOf({ requests, proxyUs }: PasswordsResult): number {
	return requests / (proxyUs / 1e6);
}

function p99Of({ waitsMs }: PasswordsResult): number {
	return quantile(
		waitsMs.toSorted((a, b) => a - b),
		0.99,
	);
}
