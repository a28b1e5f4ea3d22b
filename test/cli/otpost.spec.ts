import { backoff } from '@app/common';
import { otpost, startOtpost } from './otpost.js';

describe('otpost', () => {
  it('as a process: results on standard output, sentences on standard error, an exit code', async () => {
    const [schedule, wrong, broken] = await Promise.all([
      startOtpost(['retry-schedule']).ended,
      startOtpost(['retry-scheduel']).ended,
      startOtpost(['topology', 'check']).ended,
    ]);
    expect(schedule).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^4 +12 s +21 s$/m) });
    expect(wrong).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/does not know 'retry-scheduel'/),
    });
    expect(broken).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/RABBITMQ_URL: is missing/) });
    expect(broken.stderr).not.toContain('    at ');
  }, 60_000);

  it('help names every command', async () => {
    const { code, stdout } = await otpost(['help']);
    expect(code).toBe(0);
    for (const name of ['topology print', 'topology check', 'topology export', 'retry-schedule'])
      expect(stdout).toContain(`otpost ${name}`);
    expect((await otpost(['topology', 'check', '--help'])).stdout).toContain('changes nothing');
  });

  it.each([
    [['topology', 'print', '--jsno'], "Unknown option '--jsno'"],
    [['topology', 'print', 'all'], "'all' is not expected here."],
    [['topology'], "otpost does not know 'topology'"],
  ])('%j is wrong usage', async (args, sentence) => {
    expect(await otpost(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(sentence) });
  });
});

describe('otpost retry-schedule', () => {
  const schedule = async (environment = {}) =>
    JSON.parse((await otpost(['retry-schedule', '--json'], environment)).stdout) as {
      attempts: { attempt: number; wait: [number, number]; after: [number, number] }[];
    };

  it('is 3, 6, 12 s by default', async () => {
    const { attempts } = await schedule();
    expect(attempts.map(({ wait }) => wait)).toEqual([
      [0, 0],
      ...[1, 2, 3].map((attempt) => [backoff(attempt, { seconds: 3 }), backoff(attempt, { seconds: 3 })]),
    ]);
    expect(attempts.at(-1)).toMatchObject({ attempt: 4, after: [21, 21] });
  });

  it('shows what chance adds', async () => {
    const { attempts } = await schedule({
      SMS_RETRY_JITTER: '0.5',
      SMS_RETRY_BACKOFF_SECONDS: '1',
      SMS_MAX_ATTEMPTS: '3',
    });
    expect(attempts).toEqual([
      { attempt: 1, wait: [0, 0], after: [0, 0] },
      { attempt: 2, wait: [1, 1.5], after: [1, 1.5] },
      { attempt: 3, wait: [2, 3], after: [3, 4.5] },
    ]);
  });

  it('refuses what the worker would refuse', async () => {
    expect(await otpost(['retry-schedule'], { SMS_RETRY_JITTER: '0.6' })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/SMS_RETRY_JITTER: it must not be greater than 0\.5/),
    });
  });
});
