import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { otpost, startOtpost } from './otpost.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'otpost-templates-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const written = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
};
const texts = (text: object) => ({ 'verification-code': { default: 'zh', locales: { zh: text } } });
const CCP = { SMS_PROVIDERS: 'ccp', SMS_CCP_ACCOUNT_SID: 'a1', SMS_CCP_AUTH_TOKEN: 't', SMS_CCP_APP_ID: 'p' };

describe('otpost templates lint', () => {
  it('has nothing to say against the built-in texts, and ends with 0', async () => {
    expect(await otpost(['templates', 'lint'])).toEqual({
      code: 0,
      stdout: 'Nothing to say against these texts.\n',
      stderr: '',
    });
    expect(await otpost(['templates', 'lint'], { ...CCP, SMS_CCP_TEMPLATES: 'verification-code=1' })).toMatchObject({
      code: 0,
    });
  });

  it('names rule, text and reason of each finding, and ends with 3', async () => {
    const file = written('bad.json', texts({ text: '【某某】密码{code}，加微信', signature: '某' }));
    const { code, stdout } = await otpost(['templates', 'lint', '--file', file]);
    expect(code).toBe(3);
    expect(stdout.split('\n').filter(Boolean)).toEqual([
      expect.stringMatching(/^do-not-share +verification-code in zh +nothing in it warns/),
      expect.stringMatching(/^wording +verification-code in zh +it must say 验证码/),
      expect.stringMatching(/^wording +verification-code in zh +it must hold no telephone number or other contact/),
      expect.stringMatching(/^wording +verification-code in zh +it must not hold 【/),
      expect.stringMatching(/^signature +verification-code in zh +the signature 某 must be 2 to 12/),
    ]);
    const { findings } = JSON.parse((await otpost(['templates', 'lint', '--file', file, '--json'])).stdout) as {
      findings: object[];
    };
    expect(findings[0]).toEqual({
      rule: 'do-not-share',
      template: 'verification-code',
      locale: 'zh',
      sentence: expect.any(String),
    });
  });

  it('says what the route cannot carry', async () => {
    const { code, stdout } = await otpost(['templates', 'lint'], CCP);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^route +- +ccp has no approved text at all: name ids in SMS_CCP_TEMPLATES/m);
  });

  it.each([
    ['is not there', 'none.json', /^Cannot read .*none\.json \(ENOENT\)\.$/m],
    [
      'is not as it should be',
      'wrong.json',
      /SMS_TEMPLATES: \/verification-code\/locales\/zh\/text: it must hold \{code\}/,
    ],
  ])('a file that %s is a sentence and exit code 1', async (_what, name, sentence) => {
    written('wrong.json', texts({ text: '验证码' }));
    const { code, stderr, stdout } = await otpost(['templates', 'lint', '--file', join(folder, name)]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
  });

  it('reads the file that the worker reads', async () => {
    const file = written('mine.json', texts({ text: '验证码{code}' }));
    const ended = await startOtpost(['templates', 'lint'], { SMS_TEMPLATES_FILE: file }).ended;
    expect(ended).toMatchObject({ code: 3, stdout: expect.stringContaining('who texts, what for') });
  }, 60_000);
});

describe('otpost templates app-hash', () => {
  it("is what Google's recipe gives for a certificate", async () => {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=app', '-keyout', key, '-out', certificate],
      { stdio: 'ignore' },
    );
    // https://developers.google.com/identity/sms-retriever/verify, in a shell as it is printed there.
    const recipe = `printf '%s' "com.example.app $(openssl x509 -in ${certificate} -outform der | od -An -v -tx1 | tr -d ' \\n')" | sha256sum | cut -c1-64 | tr a-f A-F | sed 's/../\\\\x&/g' | xargs -0 -I{} printf '%b' {} | base64 | cut -c1-11`;
    const wanted = execFileSync('bash', ['-c', recipe], { encoding: 'utf8' });

    const { code, stdout } = await otpost([
      'templates',
      'app-hash',
      '--package',
      'com.example.app',
      '--certificate',
      certificate,
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: wanted });
  });

  it.each([
    [['--certificate', 'x'], 2, /--package is the name/],
    [['--package', 'com.example.app'], 2, /--certificate names a file/],
    [
      ['--package', 'com.example.app', '--certificate', '/nowhere'],
      1,
      /Cannot read a certificate from \/nowhere: ENOENT/,
    ],
  ])('%j', async (args, code, sentence) => {
    const ended = await otpost(['templates', 'app-hash', ...args]);
    expect(ended).toMatchObject({ code, stderr: expect.stringMatching(sentence) });
  });
});
