import { readFileSync } from 'node:fs';

/** Ends the run with one plain line, and ends a run that a forgotten handle would keep alive for ever. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const rows = chaosRows();
    const passed = results.numPassedTests + rows.filter((row) => row.passed).length;
    const failed =
      results.numFailedTests +
      results.testResults.filter((suite) => suite.testExecError).length +
      rows.filter((row) => !row.passed).length;
    process.once('exit', () => process.stdout.write(`${passed} passed, ${failed} failed\n`));
    setTimeout(() => {
      console.error('A test left a handle open; find it with: npm run jest -- --detectOpenHandles');
      process.exit(1);
    }, 10_000).unref();
  }
}

/** Of the chaos run that came before in `npm test`, so that the line counts everything. */
const chaosRows = () =>
  process.env.CHAOS_RESULTS === undefined ? [] : JSON.parse(readFileSync(process.env.CHAOS_RESULTS, 'utf8'));
