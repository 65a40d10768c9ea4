/** What `--check` says of a run: a sentence for each bound that was missed. None is what it takes to pass. */
import { type Figure, verdictOf } from "./figure.ts";
import { boundText, digits } from "./table.ts";

export function missedBounds(figures: readonly Figure[]): readonly string[] {
	return figures
		.filter((figure) => verdictOf(figure) === "missed")
		.map((figure) => `missed: ${figure.id} is ${digits(figure.value)}${figure.unit}, and is to be ${boundText(figure, figure.atLeast)}`);
}
