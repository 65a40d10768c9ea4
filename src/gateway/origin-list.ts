/**
 * Which pages may call: the operator's list and the pages of this very host, nothing else.
 *
 * A browser sends Origin by itself, a program does not; so a request without one is judged by its credential alone. `null`, the origin of sandboxed
 * frames and local files, is never allowed: any page can make one.
 */
export interface OriginList {
	/** `host` is the request's own Host: a page served from there may call. */
	allows(origin: string, host: string): boolean;
}

/** As the configuration compiled it. */
export interface OriginRule {
	readonly matches: (origin: string) => boolean;
}

export function originList(rules: readonly OriginRule[]): OriginList {
	return {
		allows(origin, host) {
			const asked = origin.toLowerCase();
			if (asked === "null") return false;
			return asked === `https://${host}` || rules.some((rule) => rule.matches(asked));
		},
	};
}
