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
		const columns = "name, role, models, groups, created_at, expires_at, revoked_at, credential, id";
		return this.#run(`INSERT INTO principals (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, principal);
	}

	/** False where there is no such principal. */
	replace(principal: EnrolledPrincipal): boolean {
		return this.#run(
			"UPDATE principals SET name = ?, role = ?, models = ?, groups = ?, created_at = ?, expires_at = ?, revoked_at = ?, credential = ? WHERE id = ?",
			principal,
		);
	}

	#run(sql: string, principal: EnrolledPrincipal): boolean {
		const { id, name, role, createdAt, expiresAt, revokedAt } = principal;
		const models = principal.models === null ? null : JSON.stringify(principal.models);
		const [groups, credential] = [JSON.stringify(principal.groups), JSON.stringify(principal.credential)];
		const statement = this.#database.prepare(sql);
		return Number(statement.run(name, role, models, groups, createdAt, expiresAt, revokedAt, credential, id).changes) === 1;
	}
}

/** The column `models` of keys and principals. */
export function modelsIn(row: Row): readonly string[] | null {
	return row["models"] === null ? null : textsIn(row, "models");
}

/** The column `groups` of both. */
export function groupsIn(row: Row): readonly string[] {
	return textsIn(row, "groups");
}

function textsIn(row: Row, column: "models" | "groups"): readonly string[] {
	const texts: unknown = JSON.parse(textIn(row, column));
	if (!Array.isArray(texts) || !texts.every((text) => typeof text === "string"))
		throw new RowError(`column ${column} is not a list of texts`);
	return texts;
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
		groups: groupsIn(row),
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
