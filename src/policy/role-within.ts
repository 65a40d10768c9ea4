/**
 * Whether one role has nothing that another lacks: so that nobody hands out more than he may.
 *
 *  - Everything is compared: classes, uploads, what is revealed, from where and with what, every bound.
 *  - Patterns of models and networks are not compared as sets, since what `*` of one includes of the other would be a guess: a ceiling either bounds none, or
 *    the role has exactly what it has. What cannot be seen to be within is not.
 */
import type { ParameterSpec, RoleSpec } from "../model/policy-spec.ts";

export function isRoleWithin(role: RoleSpec, ceiling: RoleSpec): boolean {
	return (
		role.classes.every((one) => ceiling.classes.includes(one)) &&
		role.reveal.every((one) => ceiling.reveal.includes(one)) &&
		(!role.uploads || ceiling.uploads) &&
		ceiling.require.every((factor) => role.require.includes(factor)) &&
		(isEverywhere(ceiling.networks) || JSON.stringify(role.networks) === JSON.stringify(ceiling.networks)) &&
		areModelsWithin(role.models, ceiling.models) &&
		areParametersWithin(role.parameters, ceiling.parameters)
	);
}

function isEverywhere({ allow, deny }: RoleSpec["networks"]): boolean {
	return allow.length === 0 && deny.length === 0;
}

function areModelsWithin(models: RoleSpec["models"], ceiling: RoleSpec["models"]): boolean {
	if (ceiling.allow.includes("*") && ceiling.deny.length === 0) return true;
	const sameAllowed = models.allow.every((pattern) => ceiling.allow.includes(pattern));
	return sameAllowed && ceiling.deny.every((pattern) => models.deny.includes(pattern));
}

function areParametersWithin(one: ParameterSpec, ceiling: ParameterSpec): boolean {
	return (
		isBoundWithin(one.numCtx, ceiling.numCtx) &&
		isBoundWithin(one.numPredict, ceiling.numPredict) &&
		isBoundWithin(one.keepAliveMs, ceiling.keepAliveMs) &&
		(!one.unload || ceiling.unload) &&
		one.imagesMax <= ceiling.imagesMax &&
		one.imageBytesMax <= ceiling.imageBytesMax
	);
}

/** Null bounds nothing. */
function isBoundWithin(bound: number | null, ceiling: number | null): boolean {
	return ceiling === null || (bound !== null && bound <= ceiling);
}
