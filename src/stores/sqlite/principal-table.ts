/** Enrolled principals in the keys' file. */
import type { DatabaseSync } from "node:sqlite";

import type { EnrolledCredential, EnrolledPrincipal } from "../../model/enrolled-principal.ts";
import { integerIn, integerOrNullIn, type Row, RowError, textIn } from "./row.ts";

export class PrincipalTable {
	readonly #database: DatabaseSync;

	constructor(database: DatabaseSync) {
		this.#database = database;
	}

	/** In the order of enrolment. */
	all(): EnrolledPrincipal[] {
		return this.#database.prepare("SELECT * FROM principals ORDER BY created_at, rowid").all().map(principalOf);
	}

	/** False, and nothing changed, where the id is taken. */
	insert(principal: EnrolledPrincipal): boolean {
		const columns = "name, role, models, created_at, expires_at, revoked_at, credential, id";
		return this.#run(`INSERT INTO principals (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, principal);
	}

	/** False where there is no such principal. */
	replace(principal: EnrolledPrincipal): boolean {
		return this.#run(
			"UPDATE principals SET name = ?, role = ?, models = ?, created_at = ?, expires_at = ?, revoked_at = ?, credential = ? WHERE id = ?",
			principal,
		);
	}

	#run(sql: string, { id, name, role, models, createdAt, expiresAt, revokedAt, credential }: EnrolledPrincipal): boolean {
		const statement = this.#database.prepare(sql);
		const listed = models === null ? null : JSON.stringify(models);
		return Number(statement.run(name, role, listed, createdAt, expiresAt, revokedAt, JSON.stringify(credential), id).changes) === 1;
	}
}

/** The column `models` of keys and principals. */
export function modelsIn(row: Row): readonly string[] | null {
	const models: unknown = row["models"] === null ? null : JSON.parse(textIn(row, "models"));
	if (models !== null && !(Array.isArray(models) && models.every((model) => typeof model === "string")))
		throw new RowError("column models is not a list of texts");
	return models;
}

/** Throws a RowError for a row that is no principal, as for keys. */
function principalOf(row: Row): EnrolledPrincipal {
	const credential: unknown = JSON.parse(textIn(row, "credential"));
	if (!isCredential(credential)) throw new RowError("column credential is not one that this program knows");
	return {
		id: textIn(row, "id"),
		name: textIn(row, "name"),
		role: textIn(row, "role"),
		models: modelsIn(row),
		createdAt: integerIn(row, "created_at"),
		expiresAt: integerOrNullIn(row, "expires_at"),
		revokedAt: integerOrNullIn(row, "revoked_at"),
		credential,
	};
}

function isCredential(value: unknown): value is EnrolledCredential {
	if (typeof value !== "object" || value === null || !("kind" in value)) return false;
	if (value.kind === "ollama-key") return "publicKey" in value && typeof value.publicKey === "string";
	if (value.kind !== "certificate" || !("sha256" in value && "serial" in value)) return false;
	return typeof value.sha256 === "string" && typeof value.serial === "string";
}
