/** The keys' file: one row a key or an enrolled principal, every write durable on return. Holds MACs and public keys, never a key's text. */
import type { DatabaseSync } from "node:sqlite";

import type { ApiKey, KeySecret } from "../../model/api-key.ts";

import type { Migration } from "./migrations.ts";
import { openDatabase } from "./open-database.ts";
import { groupsIn, modelsIn, PrincipalTable } from "./principal-table.ts";
import { integerIn, integerOrNullIn, type Row, RowError, textIn } from "./row.ts";

const KEY_MIGRATIONS: readonly Migration[] = [
	{
		version: 1,
		name: "keys",
		sql: `
			CREATE TABLE keys (
				id TEXT PRIMARY KEY,
				name TEXT NOT NULL,
				role TEXT NOT NULL,
				models TEXT,
				created_at INTEGER NOT NULL,
				expires_at INTEGER,
				revoked_at INTEGER,
				secrets TEXT NOT NULL
			) STRICT;
		`,
	},
	{
		version: 2,
		name: "principals",
		sql: `
			CREATE TABLE principals (
				id TEXT PRIMARY KEY,
				name TEXT NOT NULL,
				role TEXT NOT NULL,
				models TEXT,
				created_at INTEGER NOT NULL,
				expires_at INTEGER,
				revoked_at INTEGER,
				credential TEXT NOT NULL
			) STRICT;
		`,
	},
	{
		version: 3,
		name: "groups",
		sql: `
			ALTER TABLE keys ADD COLUMN groups TEXT NOT NULL DEFAULT '[]';
			ALTER TABLE principals ADD COLUMN groups TEXT NOT NULL DEFAULT '[]';
		`,
	},
];

export class KeyDatabase {
	readonly #database: DatabaseSync;
	readonly principals: PrincipalTable;

	constructor(file: string, now: number) {
		this.#database = openDatabase(file, KEY_MIGRATIONS, now);
		this.principals = new PrincipalTable(this.#database);
	}

	/** In the order of creation. */
	all(): ApiKey[] {
		return this.#database.prepare("SELECT * FROM keys ORDER BY created_at, rowid").all().map(keyOf);
	}

	/** False, and nothing changed, where the id is taken. */
	insert(key: ApiKey): boolean {
		const columns = "name, role, models, groups, created_at, expires_at, revoked_at, secrets, id";
		return this.#run(`INSERT INTO keys (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, key);
	}

	/** False where there is no such key. */
	replace(key: ApiKey): boolean {
		return this.#run(
			"UPDATE keys SET name = ?, role = ?, models = ?, groups = ?, created_at = ?, expires_at = ?, revoked_at = ?, secrets = ? WHERE id = ?",
			key,
		);
	}

	close(): void {
		this.#database.close();
	}

	#run(sql: string, key: ApiKey): boolean {
		const { id, name, role, createdAt, expiresAt, revokedAt } = key;
		const models = key.models === null ? null : JSON.stringify(key.models);
		const [groups, secrets] = [JSON.stringify(key.groups), JSON.stringify(key.secrets)];
		const statement = this.#database.prepare(sql);
		return Number(statement.run(name, role, models, groups, createdAt, expiresAt, revokedAt, secrets, id).changes) === 1;
	}
}

/** Throws a RowError for a row that is no key: a store with one such row is damaged, and half of the keys is not an answer. */
function keyOf(row: Row): ApiKey {
	const secrets: unknown = JSON.parse(textIn(row, "secrets"));
	if (!Array.isArray(secrets) || !secrets.every(isSecret)) throw new RowError("column secrets is not a list of secrets");
	return {
		id: textIn(row, "id"),
		name: textIn(row, "name"),
		role: textIn(row, "role"),
		models: modelsIn(row),
		groups: groupsIn(row),
		createdAt: integerIn(row, "created_at"),
		expiresAt: integerOrNullIn(row, "expires_at"),
		revokedAt: integerOrNullIn(row, "revoked_at"),
		secrets,
	};
}

function isSecret(value: unknown): value is KeySecret {
	if (typeof value !== "object" || value === null) return false;
	if (!("mac" in value && "last4" in value && "createdAt" in value && "expiresAt" in value)) return false;
	const { mac, last4, createdAt, expiresAt } = value;
	return (
		typeof mac === "string" &&
		typeof last4 === "string" &&
		typeof createdAt === "number" &&
		(expiresAt === null || typeof expiresAt === "number")
	);
}
