import { createLogger, readSettings, StartRefused } from '@app/common';
import { createHash } from 'node:crypto';
import { newNumber, testConfig, testGateway } from '../../../../test/gateway/test-gateway.js';
import { tempFile } from '../../../../test/support/temp-file.js';
import { until } from '../../../../test/support/until.js';
import { createGateway } from '../create-gateway.js';
import { LimitSettings } from '../limits/limits.config.js';
import { readServices, ServicesError } from './read-services.js';
import { Services } from './services.js';
import { ServiceSettings } from './service.config.js';

const { service, limits } = readSettings(
  { service: ServiceSettings, limits: LimitSettings },
  { CODE_TTL_SECONDS: '240', DEFAULT_REGION: 'CN', LIMIT_NUMBER_PER_DAY: '7' },
);
const environment = Object.assign(service, { limits });

describe('a services file', () => {
  const problemsOf = (file: unknown): readonly string[] => {
    try {
      readServices(typeof file === 'string' ? file : JSON.stringify(file), environment);
      return [];
    } catch (error) {
      return (error as ServicesError).problems;
    }
  };

  it('says what differs from the environment, and may do so for default too', () => {
    const services = readServices(
      JSON.stringify({ bank: { codeLength: 8, defaultRegion: null }, default: { maxSends: 2 } }),
      environment,
    );
    expect(services.get('bank')).toMatchObject({
      codeLength: 8,
      codeTtlSeconds: 240,
      maxSends: 5,
      defaultRegion: null,
    });
    expect(services.get('default')).toMatchObject({
      codeLength: 6,
      codeTtlSeconds: 240,
      maxSends: 2,
      defaultRegion: 'CN',
    });
    const limited = readServices(
      JSON.stringify({ bank: { limits: { numberPerHour: 2, countries: ['DE'] } } }),
      environment,
    );
    expect(limited.get('bank')!.limits).toMatchObject({ numberPerHour: 2, numberPerDay: 7, countries: ['DE'] });
    expect(limited.get('default')!.limits).toMatchObject({ numberPerHour: 5, numberPerDay: 7, countries: [] });
    expect([...readServices('{}', environment).values()]).toEqual([environment]);
  });

  it.each([
    [{ bank: { codeTtlSeconds: 601 } }, '/bank/codeTtlSeconds: it must not be greater than 600'],
    [{ bank: { codeTtlSeconds: '300' } }, /^\/bank\/codeTtlSeconds: .*it must be an integer number/],
    [{ bank: { codeLength: null } }, /^\/bank\/codeLength: it must be 6 to 10/],
    [{ bank: { codeLenght: 6 } }, /^\/bank\/codeLenght: is no setting of a service; there are codeLength, .*maxSends/],
    [{ bank: { 'a/b~c': 6 } }, /^\/bank\/a~1b~0c: is no setting/],
    [{ bank: { limits: { numberPerHour: 101 } } }, /^\/bank\/limits\/numberPerHour: .*must not be greater than 100/],
    [{ bank: { limits: { numberPerYear: 1 } } }, '/bank/limits/numberPerYear: is no limit'],
    ['{"bank": {"limits": {"__proto__": {}}}}', '/bank/limits/__proto__: is no limit'],
    [{ bank: { limits: 3 } }, '/bank/limits: must be a JSON object'],
    [{ bank: { hashKey: 'x' } }, /^\/bank\/hashKey: is no setting/],
    ['{"bank": {"__proto__": {"codeLength": 4}}}', /^\/bank\/__proto__: is no setting/],
    ['{"__proto__": {"codeLength": 4}}', /^\/__proto__: a service is called by small letters/],
    [{ Bank: {} }, /^\/Bank: a service is called by small letters/],
    [{ '*': {} }, /^\/\*: a service is called/],
    [{ bank: 8 }, '/bank: must be a JSON object'],
    [{ bank: null }, '/bank: must be a JSON object'],
    [[], 'must be a JSON object'],
    ['', /^is not JSON: /],
    [{ bank: { defaultRegion: 'China' } }, '/bank/defaultRegion: it must be a country code of two capital letters'],
    [{ bank: { defaultTemplate: 'sale' } }, /^\/bank\/defaultTemplate: it must be one of/],
    [
      { bank: { routes: 'The bank' } },
      '/bank/routes: it must be a name of small letters, digits and dashes, at most 32',
    ],
  ])('%j is refused', (file, problem) => {
    expect(problemsOf(file)).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)]);
  });

  it('tells all that is wrong at once', () => {
    expect(problemsOf({ a: { maxSends: 0, maxChecks: 99 }, B: {}, c: { x: 1 } })).toHaveLength(4);
  });

  it.each([4, 5])('S2: a code of %d digits wants allowShortCodes', (codeLength) => {
    expect(problemsOf({ a: { codeLength } })).toEqual([expect.stringMatching(/^\/a\/codeLength: .* allowShortCodes/)]);
    expect(problemsOf({ a: { codeLength, allowShortCodes: true } })).toEqual([]);
    expect(problemsOf({ a: { codeLength, allowShortCodes: 'true' } })).toHaveLength(2);
  });

  it.each([3, 11, 6.5])('S2: codes of %d digits are never allowed', (codeLength) => {
    expect(problemsOf({ a: { codeLength, allowShortCodes: true } })).toHaveLength(1);
  });
});

describe('the environment', () => {
  it.each([
    ['S1: a lifetime of 601 s', { CODE_TTL_SECONDS: '601' }, /CODE_TTL_SECONDS: it must not be greater than 600/],
    ['S2: four digits', { CODE_LENGTH: '4' }, /CODE_LENGTH: it must be 6 to 10.*ALLOW_SHORT_CODES/],
    ['S2: five digits', { CODE_LENGTH: '5' }, /CODE_LENGTH: it must be 6 to 10.*ALLOW_SHORT_CODES/],
  ])('%s is refused at start', (_what, settings, sentence) => {
    expect(() => testConfig(settings)).toThrow(sentence);
  });

  it('S2: may allow short codes by name', () => {
    expect(testConfig({ CODE_LENGTH: '4', ALLOW_SHORT_CODES: 'true' }).service.codeLength).toBe(4);
  });
});

const hashOf = (id: string) => createHash('sha256').update(`otp_${id}`).digest('hex');
const as = (id: string) => ({ authorization: `Bearer otp_${id}` });

describe('a gateway with a services file', () => {
  const refusal = async (settings: Record<string, string>) => {
    const starting = createGateway(testConfig(settings), createLogger('gateway', 'silent'));
    await expect(starting).rejects.toThrow(StartRefused);
    return starting.catch((error: Error) => error.message);
  };

  it('S1: refuses to start with a lifetime of 601 s in it', async () => {
    const { path } = tempFile('{"bank": {"codeTtlSeconds": 601}}');
    expect(await refusal({ SERVICES_FILE: path })).toBe(
      'SERVICES_FILE: /bank/codeTtlSeconds: it must not be greater than 600',
    );
  });

  it('refuses to start without the file, and with a key of a service that is not in it', async () => {
    expect(await refusal({ SERVICES_FILE: '/none' })).toBe(
      'SERVICES_FILE cannot be read (ENOENT); name a readable file.',
    );
    const { path } = tempFile('{"shop": {}}');
    expect(await refusal({ SERVICES_FILE: path, API_KEYS: `b:verify:${hashOf('b')}:bank` })).toBe(
      'SERVICES_FILE: /bank: is missing, and a key of API_KEYS is for this service',
    );
  });

  describe('that changes', () => {
    const file = tempFile('');
    let gateway: Awaited<ReturnType<typeof testGateway>>;
    beforeEach(async () => {
      file.write('{"bank": {"codeLength": 8, "codeTtlSeconds": 120, "maxChecks": 2, "defaultLocale": "de"}}');
      gateway = await testGateway({
        API_KEYS: [`shop:verify:${hashOf('shop')}`, `bank:verify:${hashOf('bank')}:bank`].join(','),
        SERVICES_FILE: file.path,
      });
    });
    afterEach(() => gateway.close());

    const started = async (by: string) => {
      const to = newNumber();
      const { body } = await gateway.request('POST', '/v1/verifications', { to }, as(by));
      const { createdAt, expiresAt } = body as unknown as Record<string, string>;
      return { to, body, seconds: (Date.parse(expiresAt!) - Date.parse(createdAt!)) / 1000 };
    };
    const services = () => gateway.app.get(Services, { strict: false });
    const reloads = async () =>
      (await gateway.get('/metrics')).text
        .split('\n')
        .filter((line) => line.startsWith('otpost_services_reloads_total{'));

    it('each key has the settings of its service', async () => {
      const [shop, bank] = [await started('shop'), await started('bank')];
      expect(shop).toMatchObject({
        seconds: 300,
        body: { service: 'default', locale: 'zh-CN', code: { length: 6 }, attempts: { remaining: 5 } },
      });
      expect(bank).toMatchObject({
        seconds: 120,
        body: { service: 'bank', locale: 'de', code: { length: 8 }, attempts: { remaining: 2 } },
      });
      expect(await gateway.codeOf(bank.body, bank.to)).toMatch(/^\d{8}$/);
    });

    it('texts name the set of routes of their service, those of a verification the one that it was started with', async () => {
      file.write('{"bank": {"routes": "bank", "resendCooldownSeconds": 1}}');
      services().reload();
      const textOf = async ({ delivery }: (typeof bank)['body']) => gateway.texts.of(delivery.sends.at(-1)!.messageId);
      const [shop, bank] = [await started('shop'), await started('bank')];
      expect(await textOf(shop.body)).not.toHaveProperty('routes');
      expect(await textOf(bank.body)).toMatchObject({ routes: 'bank' });
      expect(bank.body).not.toHaveProperty('routes');

      file.write('{"bank": {"routes": "another"}}');
      services().reload();
      const resent = await until('the cooldown is over', 5, async () => {
        const path = `/v1/verifications/${bank.body.id}/resends`;
        const answer = await gateway.request('POST', path, {}, as('bank'));
        return answer.status === 202 && answer;
      });
      expect(await textOf(resent.body)).toMatchObject({ routes: 'bank' });
      expect(await textOf((await started('bank')).body)).toMatchObject({ routes: 'another' });
    });

    it('each key has the limits of its service', async () => {
      file.write('{"bank": {"limits": {"countries": ["DE"], "numberPending": 1}, "resendCooldownSeconds": 1}}');
      services().reload();

      const refused = await gateway.request('POST', '/v1/verifications', { to: newNumber() }, as('bank'));
      expect(refused).toMatchObject({ status: 403, body: { code: 'country_not_allowed', country: 'CN' } });
      expect((await started('shop')).body).toMatchObject({ status: 'pending' });

      file.write('{"bank": {"limits": {"numberPending": 1}, "resendCooldownSeconds": 1}}');
      services().reload();
      const { to } = await started('bank');
      const again = await gateway.request('POST', '/v1/verifications', { to }, as('bank'));
      expect(again).toMatchObject({
        status: 429,
        body: { code: 'too_many_pending', 'violated-policies': expect.arrayContaining(['number-pending']) },
      });
    });

    it('a change is noticed; what runs keeps its terms', async () => {
      const before = await started('bank');

      file.write('{"bank": {"codeLength": 7, "resendCooldownSeconds": 1}}');

      await until('the file is read again', 5, () => services().find('bank')?.codeLength === 7);
      expect((await started('bank')).body).toMatchObject({ code: { length: 7 }, attempts: { remaining: 5 } });
      const shown = await gateway.request('GET', `/v1/verifications/${before.body.id}`, undefined, as('bank'));
      expect(shown.body).toMatchObject({ code: { length: 8 }, attempts: { remaining: 2 } });
      const code = await gateway.codeOf(before.body, before.to);
      const check = await gateway.request('POST', `/v1/verifications/${before.body.id}/checks`, { code }, as('bank'));
      expect(check.body).toMatchObject({ valid: true });
      expect(await reloads()).toEqual(['otpost_services_reloads_total{outcome="reloaded"} 1']);
    });

    it.each([
      ['is wrong', '{"bank": {"codeTtlSeconds": 601}}', '/bank/codeTtlSeconds: it must not be greater than 600'],
      ['is cut off', '{"bank": {"codeLen', 'is not JSON'],
      ['has lost a service that API_KEYS names', '{}', '/bank: is missing, and a key of API_KEYS'],
    ])('one that %s changes nothing, and is told', async (_what, text, why) => {
      file.write(text);

      services().reload();

      expect(gateway.lines.filter((line) => line.includes('services not reloaded') && line.includes(why))).toHaveLength(
        1,
      );
      expect(await reloads()).toEqual(['otpost_services_reloads_total{outcome="refused"} 1']);
      expect((await started('bank')).body).toMatchObject({ code: { length: 8 } });
    });
  });
});
