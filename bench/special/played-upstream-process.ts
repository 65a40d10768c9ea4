/** The played upstream as a process of its own. Prints its port and ends with its standard input. First argument: bytes a second of an upload, or none. */
import { startPlayedUpstream } from "./played-upstream.ts";

const [, , rate] = process.argv;
const { port } = await startPlayedUpstream({ uploadBytesPerSecond: rate === undefined ? null : Number(rate) });
process.stdout.write(`${JSON.stringify({ port })}\n`);
process.stdin.on("end", () => process.exit()).resume();
