import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DEMO_CCP } from '../../apps/carrier-lab/src/carrier-lab.config.ts';
import type { CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.ts';
import { CcpProvider } from '../../libs/sms-provider/src/providers/ccp.provider.ts';
import { ask, aText, ccpAt, send, startLab } from './start-lab.ts';

/** As the company's own Java SDK checks them. */
const VECTORS = new URL('../../libs/sms-provider/src/providers/provider-vectors.json', import.meta.url);
const { ccp: vectors } = JSON.parse(readFileSync(VECTORS, 'utf8')) as {
  ccp: { name: string; cases: { reqId: string; valid: boolean }[] }[];
};
const REQ_IDS = vectors.find(({ name }) => name.startsWith('reqId'))!.cases;

let lab: CarrierLab;
let ccp: CcpProvider;

beforeAll(async () => {
  lab = await startLab();
  ccp = ccpAt(lab);
});
afterAll(async () => {
  await ccp.close();
  await lab.close();
});
beforeEach(() => {
  lab.inbox.delete();
  lab.stats.reset();
});

describe('the CCP provider', () => {
  it('is accepted, and the handset has the text', async () => {
    const message = aText();

    const outcome = await send(ccp, message);

    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(lab.inbox.latest('+8613800138000')).toMatchObject({
      to: '+8613800138000',
      text: '【Otpost】您的验证码是123456，请于5分钟内正确输入',
      code: '123456',
      provider: 'ccp',
      templateId: '1',
      reference: message.reference,
      providerMessageId: outcome.kind === 'accepted' && outcome.providerMessageId,
      encoding: 'UCS-2',
      segments: 1,
    });
  });

  it('texts in English through the other template', async () => {
    await send(ccp, aText({ locale: 'en-US', params: { code: '654321', minutes: '10' } }));
    expect(lab.inbox.latest()).toMatchObject({
      text: '[Otpost] Your verification code is 654321. It expires in 10 minutes.',
      code: '654321',
      encoding: 'GSM-7',
      templateId: '2',
    });
  });

  it.each([
    ['token', { authToken: 'wrong' }, '161100'],
    ['account', { accountSid: 'ffff0000' }, '161100'],
    ['application', { appId: 'wrong' }, '111181'],
  ])('with the wrong %s is told so, and nobody gets a text', async (_what, changes, code) => {
    const stranger = ccpAt(lab, changes as object);

    expect(await send(stranger, aText())).toMatchObject({
      kind: 'rejected',
      class: 'PERMANENT',
      scope: 'account',
      code,
    });
    expect(lab.inbox.list()).toEqual([]);
    expect(lab.stats.view()).toMatchObject({ calls: 1, accepted: 0, refused: { [code]: 1 } });
    await stranger.close();
  });

  it('may repeat a reference without a second text', async () => {
    const message = aText();
    await send(ccp, message);

    expect(await send(ccp, { ...message, repeated: true })).toEqual({ kind: 'accepted', duplicate: true });
    expect(await send(ccp, message)).toMatchObject({ kind: 'rejected', code: '160054' });
    expect(lab.stats.view()).toMatchObject({ accepted: 1, duplicates: 0, refused: { '160054': 2 } });
  });

  it('is counted where it texts the same twice', async () => {
    await send(ccp, aText());
    await send(ccp, aText({ params: { code: '111111', minutes: '5' } }));
    expect(lab.stats.view().duplicates).toBe(0);

    await send(ccp, aText());
    expect(lab.stats.view()).toMatchObject({ accepted: 3, duplicates: 1 });
  });

  it('whose clock is off by more than a day is told so', async () => {
    const settings = { ...DEMO_CCP, templates: [...DEMO_CCP.templates], baseUrl: lab.url };
    const late = new CcpProvider(settings, () => new Date(Date.now() - 25 * 3_600_000));
    expect(await send(late, aText())).toMatchObject({ kind: 'rejected', scope: 'account', code: '161106' });
    await late.close();
  });
});

describe('a request by hand', () => {
  const timestamp = new Date(Date.now() + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);
  const signed = createHash('md5').update(DEMO_CCP.accountSid + DEMO_CCP.authToken + timestamp);
  const SIG = signed.digest('hex').toUpperCase();
  const AUTHORIZATION = Buffer.from(`${DEMO_CCP.accountSid}:${timestamp}`).toString('base64');
  const BODY = { to: '13800138000', appId: DEMO_CCP.appId, templateId: '1', datas: ['123456', '5'] };

  async function post(body: unknown, authorization: string | undefined = AUTHORIZATION, sig = SIG) {
    const response = await fetch(`${lab.url}/2013-12-26/Accounts/${DEMO_CCP.accountSid}/SMS/TemplateSMS?sig=${sig}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json;charset=utf-8', ...(authorization && { authorization }) },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as { statusCode: string; templateSMS?: object } };
  }

  it.each(REQ_IDS.filter(({ valid }) => valid))('with reqId $reqId is accepted', async ({ reqId }) => {
    expect((await post({ ...BODY, reqId })).body.statusCode).toBe('000000');
  });

  it('is answered as the company documents it', async () => {
    expect(await post(BODY)).toEqual({
      status: 200,
      body: {
        statusCode: '000000',
        templateSMS: {
          dateCreated: expect.stringMatching(/^\d{14}$/),
          smsMessageSid: expect.stringMatching(/^[0-9a-f]{32}$/),
        },
      },
    });
  });

  it.each<[what: string, body: unknown, code: string]>([
    ['no number', { ...BODY, to: undefined }, '112300'],
    ['a short number', { ...BODY, to: '1380013800' }, '160042'],
    ['an international number', { ...BODY, to: '+8613800138000' }, '160042'],
    ['two numbers', { ...BODY, to: '13800138000,13800138001' }, '160042'],
    ['no template', { ...BODY, templateId: undefined }, '160057'],
    ['a template by name', { ...BODY, templateId: 'one' }, '160057'],
    ['an unknown template', { ...BODY, templateId: '77' }, '112311'],
    ['no datas', { ...BODY, datas: undefined }, '160031'],
    ['datas that are numbers', { ...BODY, datas: [123456, 5] }, '160052'],
    ['one of two datas', { ...BODY, datas: ['123456'] }, '160052'],
    ...REQ_IDS.filter(({ valid }) => !valid).map(({ reqId }): [string, unknown, string] => [
      `reqId ${reqId}`,
      { ...BODY, reqId },
      '160055',
    ]),
    ['no object', [], '112300'],
  ])('with %s is refused with HTTP 200 and a code', async (_what, body, code) => {
    expect(await post(body)).toEqual({
      status: 200,
      body: { statusCode: code, statusMsg: expect.stringMatching(/\w/) },
    });
    expect(lab.inbox.list()).toEqual([]);
  });

  const base64 = (text: string) => Buffer.from(text).toString('base64');
  it.each([
    ['no Authorization', '', SIG, '161101'],
    ['an Authorization without timestamp', base64(DEMO_CCP.accountSid), SIG, '161103'],
    ['an Authorization of another account', base64(`other:${timestamp}`), SIG, '161103'],
    ['a timestamp that is none', base64(`${DEMO_CCP.accountSid}:yesterday`), SIG, '161108'],
    ['a timestamp that is not a date', base64(`${DEMO_CCP.accountSid}:20261399999999`), SIG, '161108'],
    ['a signature in lower case', AUTHORIZATION, SIG.toLowerCase(), '161100'],
  ])('with %s is refused', async (_what, authorization, sig, code) => {
    expect((await post(BODY, authorization, sig)).body.statusCode).toBe(code);
  });
});

it('says what is wrong with a request that it cannot read', async () => {
  expect(await ask(lab, 'GET', '/nowhere')).toEqual({
    status: 404,
    type: expect.stringContaining('application/problem+json'),
    body: { title: 'Not Found', status: 404, detail: 'Cannot GET /nowhere' },
  });
  const response = await fetch(`${lab.url}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{',
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([
    400,
    expect.stringContaining('application/problem+json'),
  ]);
});
