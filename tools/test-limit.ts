/**
 * Loaded into the process of each file of tests: one that has not ended after five minutes is ended, as a failure.
 *
 * A test that timed out leaves open what it had opened, which would keep its process, and with it the whole run, for good. The runtime's own
 * `--test-force-exit` drops tests that a file registers after an `await`.
 */
const LIMIT_MS = 300_000;

setTimeout(() => {
	process.stderr.write(
		`${process.argv[1] ?? "a test"} did not end within ${LIMIT_MS / 1000} s: something that a test opened is still open\n`,
	);
	process.exit(1);
}, LIMIT_MS).unref();
