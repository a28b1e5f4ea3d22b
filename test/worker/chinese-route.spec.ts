import { createLogger, Metrics, StartRefused } from '@app/common';
import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { demoAccounts } from '../../apps/carrier-lab/src/carrier-lab.config.js';
import type { CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.js';
import { createSmsWorker } from '../../apps/sms-worker/src/create-sms-worker.js';
import { smsWorkerConfig } from '../../apps/sms-worker/src/sms-worker.config.js';
import { newNumber, startLab, startSystem, systemEnvironment } from '../support/system.js';
import { until } from '../support/until.js';

describe('the worker does not start with what can never be sent', () => {
  const start = (more: Record<string, string>) =>
    createSmsWorker(
      smsWorkerConfig(
        systemEnvironment({ rabbitUrl: 'amqp://127.0.0.1:1' }, 'http://127.0.0.1:1', {
          ...more,
        }),
      ),
    );

  it.each<[what: string, more: Record<string, string>, sentence: string]>([
    [
      'S33: codes of 8 digits with Aliyun on the route, beside a company that takes them',
      { SMS_PROVIDERS: 'ccp,aliyun', CODE_LENGTH: '8' },
      'aliyun takes codes of 4 to 6 letters or digits only: set CODE_LENGTH to that',
    ],
    [
      'S33: codes of 7 digits with Tencent Cloud on the route',
      { SMS_PROVIDERS: 'tencent', CODE_LENGTH: '7' },
      'tencent takes codes of at most 6 digits only',
    ],
    [
      'no signature for Aliyun',
      { SMS_PROVIDERS: 'aliyun', SMS_SIGNATURE: '' },
      'aliyun needs a signature for verification-code in zh: set SMS_SIGNATURE',
    ],
    [
      'two variables for Aliyun',
      {
        SMS_PROVIDERS: 'aliyun',
        SMS_TEMPLATES:
          '{"verification-code":{"default":"zh","locales":{"zh":{"text":"验证码{code}","providers":{"aliyun":{"id":"SMS_1","params":{"code":"code","min":"minutes"}}}}}}}',
      },
      'aliyun allows 1 param in the approved text, and verification-code in zh has 2',
    ],
    [
      'no approved text at CCP',
      { SMS_PROVIDERS: 'aliyun,ccp', SMS_CCP_TEMPLATES: '' },
      'ccp has no approved text at all: name ids in SMS_CCP_TEMPLATES',
    ],
    [
      'S35: a line for browsers where every company sends approved texts only',
      {
        SMS_PROVIDERS: 'aliyun,ccp',
        SMS_TEMPLATES:
          '{"verification-code":{"default":"zh","locales":{"zh":{"text":"验证码{code}，{minutes}分钟内有效，请勿泄露","webOtpHost":"example.com"}}}}',
      },
      'the last line of verification-code in zh is never sent: take webOtpHost out of SMS_TEMPLATES',
    ],
  ])('%s', async (_what, more, sentence) => {
    const started = start(more);
    await expect(started).rejects.toThrow(StartRefused);
    await expect(started).rejects.toThrow(sentence);
  });

  it('but says once, as a warning, what carriers will not like', async () => {
    const lines: string[] = [];
    const logger = createLogger('sms-worker', 'warn', { write: (line) => void lines.push(line) });
    const config = smsWorkerConfig(
      systemEnvironment({ rabbitUrl: 'amqp://127.0.0.1:1' }, 'http://127.0.0.1:1', {
        SMS_PROVIDERS: 'ccp',
        SMS_TEMPLATES:
          '{"verification-code":{"default":"zh","locales":{"zh":{"text":"密码{code}，{minutes}分钟内有效"}}}}',
      }),
    );
    config.redis.url = undefined;
    const worker = await createSmsWorker(config, logger);
    await worker.init();
    await worker.close();

    const warnings = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ rule }) => rule);
    expect(warnings).toMatchObject([
      { rule: 'do-not-share', template: 'verification-code', locale: 'zh', level: 40 },
      { rule: 'wording', msg: 'it must say 验证码, 注册码, 校验码 or 动态码' },
    ]);
  });

  it('a templates file that is wrong says where', () => {
    const templates = {
      SMS_PROVIDERS: 'ccp',
      SMS_TEMPLATES: '{"verification-code":{"locales":{"zh":{"text":"hello"}}}}',
    };
    expect(() =>
      smsWorkerConfig(systemEnvironment({ rabbitUrl: 'amqp://127.0.0.1:1' }, 'http://127.0.0.1:1', templates)),
    ).toThrow(
      /SMS_TEMPLATES: \/verification-code\/locales\/zh\/text: it must hold \{code\}; \/verification-code\/default: it must be one of the locales: zh/,
    );
  });
});

describe('a route of Chinese companies', () => {
  let broker: EmbeddedBroker;
  let lab: CarrierLab;
  beforeAll(async () => {
    broker = await startEmbeddedBroker();
    lab = await startLab();
  });
  afterAll(async () => {
    await lab.close();
    await broker.close();
  });

  it('S36: a signature that is not registered is asked for once, raises one alert, and the next company texts', async () => {
    const unregistered = { ...demoAccounts(lab.url), SMS_PROVIDERS: 'aliyun,ccp', SMS_SIGNATURE: '未报备' };
    const system = await startSystem({ rabbitUrl: broker.url }, unregistered);
    const to = newNumber();

    const { body } = await system.post('/v1/verifications', { to });
    await until('the text', 10, () => lab.inbox.latest(to));
    const told = await until('the outcome', 10, async () => {
      const { timeline } = (await system.get(`/v1/verifications/${body.id}/timeline`)).body;
      return timeline.some(({ event }) => event === 'sms.accepted') && timeline;
    });

    expect(lab.inbox.latest(to)).toMatchObject({ provider: 'ccp' });
    expect(lab.stats.view().refused).toEqual({ 'isv.SMS_SIGNATURE_ILLEGAL': 1 });
    expect(told.filter(({ event }) => event === 'sms.rejected')).toMatchObject([
      { provider: 'aliyun', errorCode: 'isv.SMS_SIGNATURE_ILLEGAL', errorScope: 'request', attempt: 1, final: false },
    ]);
    const alerts = await system.worker.get(Metrics).registry.getSingleMetricAsString('otpost_sms_alerts_total');
    expect(alerts).toMatch(/^otpost_sms_alerts_total\{provider="aliyun",scope="request"\} 1$/m);
    await system.close();
  });

  it.each(['aliyun', 'tencent'])('%s texts a code that approves the verification', async (name) => {
    const system = await startSystem({ rabbitUrl: broker.url }, { ...demoAccounts(lab.url), SMS_PROVIDERS: name });
    const to = newNumber();

    const { body } = await system.post('/v1/verifications', { to });
    const { code, provider } = await until('the text', 10, () => lab.inbox.latest(to));

    expect(provider).toBe(name);
    expect((await system.post(`/v1/verifications/${body.id}/checks`, { code })).body).toMatchObject({ valid: true });
    await system.close();
  });
});
