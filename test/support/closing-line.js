/** Ends the run with one plain line, and ends a run that a forgotten handle would keep alive for ever. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.testResults.filter((suite) => suite.testExecError).length;
    process.once('exit', () => process.stdout.write(`${results.numPassedTests} passed, ${failed} failed\n`));
    setTimeout(() => {
      console.error('A test left a handle open; find it with: npm run jest -- --detectOpenHandles');
      process.exit(1);
    }, 10_000).unref();
  }
}
