/**
 * What kind of program calls, by its User-Agent: the first product's name without version, in lower case.
 *
 * `ollama/0.33.0 (amd64 linux) Go/go1.24` is `ollama`, `OpenAI/Python 2.1` is `openai/python`, every browser is `mozilla`. A program says of itself what it
 * likes, so a family is a hint and never a reason to refuse.
 */
const PRODUCT = /^([A-Za-z][\w.+-]{0,39})(?:\/([A-Za-z]{1,20})\b)?/;

export function clientFamily(userAgent: string | null): string {
	if (userAgent === null || userAgent === "") return "none";
	const [, product, variant] = PRODUCT.exec(userAgent) ?? [];
	if (product === undefined) return "other";
	return (variant === undefined ? product : `${product}/${variant}`).toLowerCase();
}
