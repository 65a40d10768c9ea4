/**
 * Opens the state: locks it, makes on the first start what has to be there, starts the worker, and hands out the ports.
 *
 *  - Secrets are made only where nothing depends on them yet. A pepper or signing key that is missing beside existing databases is an error with a
 *    hint: a fresh one would silently make every key useless, or the log unverifiable.
 *  - Everything is opened and checked before this returns; a server that cannot record does not start.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";

import type { BudgetStore } from "../../ports/budget-store.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { EventPruning } from "../../ports/event-pruning.ts";
import type { KeyStore } from "../../ports/key-store.ts";
import type { PrincipalStore } from "../../ports/principal-store.ts";
import type { UsageLedger } from "../../ports/usage-ledger.ts";
import type { Clock } from "../../std/clock.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { Secret } from "../../std/secret.ts";

import { createSecretFile, readSecretFile } from "../secret-file.ts";
import { prepareStateDirectory } from "../state-directory.ts";
import { acquireStateLock } from "../state-lock.ts";
import { fingerprintOf } from "./chain.ts";
import { GROUP_COMMIT_DEFAULTS, GroupCommitLog, type GroupCommitSettings } from "./group-commit-log.ts";
import { SqliteBudgetStore } from "./sqlite-budget-store.ts";
import { SqliteEventPruning } from "./sqlite-event-pruning.ts";
import { SqliteKeyStore } from "./sqlite-key-store.ts";
import { SqlitePrincipalStore } from "./sqlite-principal-store.ts";
import { SqliteUsageLedger } from "./sqlite-usage-ledger.ts";
import { StateFiles } from "./state-files.ts";
import { WorkerLink } from "./worker-link.ts";
import { workerSink } from "./worker-sink.ts";

const PEPPER_BYTES = 32;

export interface OpenStoresOptions extends Partial<Omit<GroupCommitSettings, "clock">> {
	/** Made where it is missing; see `resolveStateDirectory`. */
	readonly directory: string;
	readonly clock: Clock;
}

export interface Stores {
	/** As resolved. */
	readonly directory: string;
	readonly events: EventLog;
	readonly pruning: EventPruning;
	readonly usage: UsageLedger;
	readonly keys: KeyStore;
	readonly principals: PrincipalStore;
	readonly budgets: BudgetStore;
	/** 32 bytes in hexadecimal, for KeyMac. */
	readonly pepper: Secret;
	/** Of the key that signs the log: what an operator writes down to recognise a forged one. */
	readonly fingerprint: string;
	/** Commits what is queued, signs a last checkpoint, closes the files and gives the lock back, even when it
	 *  rejects because something was not written. Every further call gets the outcome of the first. */
	close(): Promise<void>;
}

/** Throws a HintedError where the state cannot be used. */
export async function openStores({ directory: wanted, clock, ...settings }: OpenStoresOptions): Promise<Stores> {
	const directory = prepareStateDirectory(wanted);
	const lock = acquireStateLock(directory, clock);
	const link = new WorkerLink({ directory }, clock);
	const release = async () => {
		try {
			await link.close();
		} finally {
			lock.release();
		}
	};
	try {
		const { pepper, fingerprint } = ensureSecrets(new StateFiles(directory));
		await link.ask({ kind: "open" });
		const stopwatch = () => performance.now();
		const sink = workerSink(link);
		const lastSeq = (await sink.find({ limit: 1 })).seqs.at(-1) ?? 0;
		const events = new GroupCommitLog(sink, { ...GROUP_COMMIT_DEFAULTS, stopwatch, clock, lastSeq, ...settings });
		const keys = new SqliteKeyStore(link);
		let closing: Promise<void> | null = null;
		const close = () => (closing ??= closeInOrder(events, keys, release));
		const pruning = new SqliteEventPruning(link, settings.onCheckpoint ?? GROUP_COMMIT_DEFAULTS.onCheckpoint);
		const usage = new SqliteUsageLedger(link);
		const principals = new SqlitePrincipalStore(link);
		const budgets = new SqliteBudgetStore(link);
		return { directory, events, pruning, usage, keys, principals, budgets, pepper, fingerprint, close };
	} catch (cause) {
		await release();
		if (cause instanceof HintedError) throw cause;
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new HintedError(`the state in ${directory} cannot be opened: ${why}`, "make room on the disk, or make the directory writable", {
			cause,
		});
	}
}

async function closeInOrder(events: EventLog, keys: KeyStore, release: () => Promise<void>): Promise<void> {
	try {
		await events.close();
		await keys.close();
	} finally {
		await release();
	}
}

function ensureSecrets(files: StateFiles): { readonly pepper: Secret; readonly fingerprint: string } {
	const pepper = ensureSecret(files.pepper, files.keys, () => `${randomBytes(PEPPER_BYTES).toString("hex")}\n`);
	const signingKey = ensureSecret(files.signingKey, files.events, () =>
		generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
	);
	if (!/^[0-9a-f]{64}$/.test(pepper)) throw new HintedError(`${files.pepper} is not 32 bytes in hexadecimal`, "put it back from a backup");
	return { pepper: new Secret(pepper), fingerprint: fingerprintOf(publicKeyIn(files.signingKey, signingKey)) };
}

function ensureSecret(path: string, dependent: string, make: () => string): string {
	const found = readSecretFile(path);
	if (found !== null) return found.toString("latin1").trim();
	if (existsSync(dependent)) {
		throw new HintedError(
			`${path} is missing, and ${dependent} is useless without it`,
			"put it back from a backup, or move both away to begin anew",
		);
	}
	const made = make();
	createSecretFile(path, Buffer.from(made));
	return made.trim();
}

function publicKeyIn(path: string, pem: string): KeyObject {
	try {
		const key = createPublicKey(pem);
		if (key.asymmetricKeyType === "ed25519") return key;
	} catch {
		// The parser's message could quote the file; what to do is the same in either case.
	}
	throw new HintedError(`${path} does not hold an Ed25519 key`, "put it back from a backup");
}
