import { GROUP_NAME } from "../model/factor.ts";
import { isPlainText } from "../std/plain-text.ts";
import { type Administered, done, notDone } from "./key-problem.ts";

/** What an administrator asks for when creating a key. */
export interface NewKeyRequest {
	readonly name: string;
	readonly role: string;
	/** Patterns that narrow the role; null narrows nothing. */
	readonly models: readonly string[] | null;
	readonly groups: readonly string[];
	/** Unix ms; null never expires. */
	readonly expiresAt: number | null;
	/** Who asks: `socket`, `store` (offline) or `set-up`. */
	readonly by: string;
}

const NAME_MAX = 64;
const MODEL_PATTERN = /^[\x21-\x7e]{1,256}$/;
const MODELS_MAX = 256;
const GROUPS_MAX = 64;

/** Checks what can be checked without knowing other keys. */
export function checkNewKey(request: NewKeyRequest, now: number): Administered<NewKeyRequest> {
	const { name, models, groups, expiresAt } = request;
	if (!isPlainText(name, NAME_MAX) || name !== name.trim()) {
		return notDone(
			"name-invalid",
			"the name is not 1 to 64 printable characters",
			"choose a name such as 'laptop of ada', without spaces at its ends",
		);
	}
	if (models !== null && (models.length > MODELS_MAX || !models.every((pattern) => MODEL_PATTERN.test(pattern)))) {
		return notDone(
			"models-invalid",
			"a model pattern is empty, too long or has unprintable characters",
			"write patterns such as llama3.2:* or qwen*",
		);
	}
	if (groups.length > GROUPS_MAX || !groups.every((group) => GROUP_NAME.test(group)) || new Set(groups).size < groups.length) {
		return notDone(
			"groups-invalid",
			`a group has no name, is named twice, or there are more than ${GROUPS_MAX}`,
			"write each as the directory does, without commas: gpu-operators",
		);
	}
	if (expiresAt !== null && !(Number.isSafeInteger(expiresAt) && expiresAt > now)) {
		return notDone("expiry-invalid", "the key would be expired from the start", "choose a time in the future, such as 30d");
	}
	return done(request);
}

/** Two names that look alike count as one: canonical composition, compatibility forms and letter case are no difference. */
export function nameForComparison(name: string): string {
	return name.normalize("NFKC").toLowerCase();
}
