/** A table of GitHub's Markdown. Cells may hold Markdown; pipes and line ends in them are taken care of. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]): string =>
		`| ${cells.map((text) => text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ")).join(" | ")} |\n`;
	return `${line(head)}|${"---|".repeat(head.length)}\n${rows.map(line).join("")}`;
}
