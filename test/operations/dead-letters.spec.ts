import { randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Readiness } from '@app/common';
import type { CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.js';
import { createSmsWorker } from '../../apps/sms-worker/src/create-sms-worker.js';
import { smsWorkerConfig } from '../../apps/sms-worker/src/sms-worker.config.js';
import { otpost, startOtpost } from '../cli/otpost.js';
import { runApp, type AppProcess } from '../support/app-process.js';
import { messagesIn, takeFrom, withChannel } from '../support/broker-view.js';
import { startRabbit, startRedis, type Service } from '../support/services.ts';
import { tempFile } from '../support/temp-file.js';
import { codeFor, newNumber, startLab, systemEnvironment } from '../support/system.js';
import { freePort, until } from '../support/until.js';

const QUEUE = 'sms-worker.sms.send';
const DEAD = `${QUEUE}.dead`;
const PARKED = 'sms-worker.parked';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: {
    readonly id: string;
    readonly code: string;
    readonly status: string;
    readonly valid: boolean;
    readonly waiting: number;
    readonly matching: number;
    readonly cursor: string | null;
    readonly deadLetters: readonly Record<string, unknown>[];
    readonly parked: readonly Record<string, unknown>[];
    readonly delivery: { readonly status: string; readonly sends: readonly { readonly messageId: string }[] };
    readonly [member: string]: unknown;
  };
}

/** A gateway as a process that can be killed, a worker, a company that can be told to refuse, and `otpost` beside them. */
describe('dead letters', () => {
  let rabbit: Service;
  let redis: Service;
  let lab: CarrierLab;
  let gateway: AppProcess;
  let worker: NestFastifyApplication;
  let settings: Record<string, string | undefined>;
  const keys: Record<string, string> = {};

  beforeAll(async () => {
    [rabbit, redis, lab] = await Promise.all([startRabbit(), startRedis({ keepsData: true }), startLab()]);
    const entries = [];
    for (const [id, scopes, service] of [
      ['shop', 'verify', 'default'],
      ['ops', 'operate', '*'],
      ['shop-ops', 'operate', 'default'],
      ['bank-ops', 'operate', 'bank'],
    ] as const) {
      const args = ['--id', id, '--scopes', scopes, '--service', service, '--print', '--json'];
      const made = await otpost(['keys', 'create', ...args]);
      const { key, entry } = JSON.parse(made.stdout) as { key: string; entry: string };
      keys[id] = key;
      entries.push(entry);
    }
    settings = {
      ...systemEnvironment({ rabbitUrl: rabbit.url, redisUrl: redis.url }, lab.url, {
        API_KEYS: entries.join(','),
        SERVICES_FILE: tempFile('{"bank": {}}').path,
        SMS_MAX_ATTEMPTS: '1',
        SMS_BREAKER_FAILURES: '100', // a company that is told to refuse is not to be left alone
        RESEND_COOLDOWN_SECONDS: '1',
      }),
      PORT: String(await freePort()),
    };
    gateway = await startGateway();
    worker = await createSmsWorker(smsWorkerConfig(settings));
    await worker.startAllMicroservices();
    await worker.listen(0, '127.0.0.1');
    await until('the worker is ready', 30, () => Object.keys(worker.get(Readiness).troubles()).length === 0);
  }, 180_000);
  const startGateway = async (): Promise<AppProcess> => {
    const process = { ...runApp('gateway', settings), url: `http://127.0.0.1:${settings.PORT}` };
    await until('the gateway is ready', 90, async () => {
      const answer = await fetch(`${process.url}/readyz`).catch(() => undefined);
      return answer?.ok && !JSON.stringify(await answer.json()).includes('publisher');
    });
    return process;
  };
  beforeEach(async () => {
    lab.faults.clear();
    lab.inbox.delete();
    lab.stats.reset();
    await withChannel(rabbit.url, async (channel) => {
      for (const queue of [DEAD, PARKED]) await channel.purgeQueue(queue);
    });
  });
  afterAll(async () => {
    gateway?.kill('SIGKILL');
    await Promise.all([gateway?.ended, worker?.close()]);
    await Promise.all([rabbit.stop(), redis.stop(), lab.close()]);
  });

  const ask = async (method: string, path: string, body?: object, key = keys.ops): Promise<Answer> => {
    const response = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { ...(key && { authorization: `Bearer ${key}` }), ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) as Answer['body'] };
  };
  const operator = () => ({ OTPOST_URL: gateway.url, OTPOST_API_KEY: keys.ops });
  const call = (command: string, args: readonly string[] = [], typed = '') =>
    otpost(['dead-letters', command, ...args], operator(), typed);

  /** Texts of another producer, with a code each; gives their numbers and message ids. */
  async function publishTexts(
    count: number,
    seconds = 120,
  ): Promise<{ to: string; messageId: string; code: string }[]> {
    const texts = Array.from({ length: count }, (_, n) => ({
      messageId: randomUUID(),
      to: newNumber(),
      code: String(700_000 + n),
    }));
    await withChannel(rabbit.url, async (channel) => {
      for (const { messageId, to, code } of texts) {
        const data = {
          messageId,
          to,
          template: 'verification-code',
          locale: 'zh-CN',
          params: { code, minutes: '5' },
          expiresAt: new Date(Date.now() + seconds * 1000).toISOString(),
        };
        channel.publish('otpost', 'sms.send', Buffer.from(JSON.stringify({ pattern: 'sms.send', data })), {
          messageId,
          persistent: true,
        });
      }
      await channel.waitForConfirms();
    });
    return texts;
  }
  async function deadTexts(count: number, seconds?: number) {
    lab.faults.set({ code: 'busy' });
    const before = await messagesIn(rabbit.url, DEAD);
    const texts = await publishTexts(count, seconds);
    await until('all are dead', 20, async () => (await messagesIn(rabbit.url, DEAD)) === before + count);
    lab.faults.clear();
    return texts;
  }
  const eachArrivedOnce = (texts: readonly { to: string }[]) =>
    until('every text arrived', 20, () => texts.every(({ to }) => lab.inbox.list(to).length > 0)).then(() => {
      expect(texts.map(({ to }) => lab.inbox.list(to).length)).toEqual(texts.map(() => 1));
      expect(lab.stats.view().duplicates).toBe(0);
    });

  it('are listed without codes and whole numbers, page by page, and found by what is known of them', async () => {
    const texts = await deadTexts(7);
    const { to, code, messageId } = texts[3]!;

    const first = await ask('GET', '/v1/dead-letters?limit=4');
    const second = await ask('GET', `/v1/dead-letters?limit=4&cursor=${first.body.cursor}`);

    expect(first.body).toMatchObject({ queue: QUEUE, waiting: 7, matching: 7 });
    expect(second.body.cursor).toBeNull();
    const shown = [...first.body.deadLetters, ...second.body.deadLetters];
    expect(shown.map((letter) => letter.messageId).sort()).toEqual(texts.map((text) => text.messageId).sort());
    expect(shown.find((letter) => letter.messageId === messageId)).toMatchObject({
      event: 'sms.send',
      to: `${to.slice(0, 6)}****${to.slice(-4)}`,
      class: 'RETRYABLE',
      provider: 'ccp',
      attempt: 1,
      replayCount: 0,
    });
    for (const { text } of [first, second])
      for (const secret of [to, to.slice(3), code]) expect(text).not.toContain(secret);

    const found = async (query: string) => (await ask('GET', `/v1/dead-letters?${query}`)).body.matching;
    expect(await found(`to=${encodeURIComponent(to)}`)).toBe(1);
    expect(await found(`to=${to.slice(3)}`)).toBe(1);
    expect(await found('class=RETRYABLE&provider=ccp&reason=CCP')).toBe(7);
    expect(await found('class=PERMANENT')).toBe(0);
    expect(await found('olderThan=1h')).toBe(0);
    expect((await ask('GET', `/v1/dead-letters/${messageId}`)).body).toMatchObject({ messageId, queue: QUEUE });
    expect((await ask('GET', `/v1/dead-letters/${randomUUID()}`)).status).toBe(404);
    expect((await ask('GET', '/v1/dead-letters?queue=no.such')).status).toBe(404);
    expect((await ask('GET', '/v1/dead-letters?limit=0')).status).toBe(422);
    expect(await messagesIn(rabbit.url, DEAD)).toBe(7);

    const list = await call('list', ['--to', to]);
    expect(list).toMatchObject({ code: 0, stderr: '1 of 7 dead letters match, 1 shown.\n' });
    expect(list.stdout).toMatch(new RegExp(`^${messageId} +\\+86139\\*{4}\\d{4} +\\ds +RETRYABLE +ccp +0 +`, 'm'));
    expect((await call('show', [messageId])).stdout).toContain(`"messageId": "${messageId}"`);
  }, 120_000);

  it('are for keys with the scope operate', async () => {
    for (const path of ['/v1/dead-letters', '/v1/parked']) {
      expect((await ask('GET', path, undefined, '')).status).toBe(401);
      expect((await ask('GET', path, undefined, keys.shop)).body).toMatchObject({
        code: 'forbidden',
        missingScope: 'operate',
      });
    }
    const refused = await otpost(['dead-letters', 'list'], { ...operator(), OTPOST_API_KEY: keys.shop });
    expect(refused).toMatchObject({ code: 1, stderr: 'This needs an API key with the scope operate.\n' });
  });

  it("of one service are there for its operators and those of all, and what is nobody's for those of all alone", async () => {
    lab.faults.set({ code: 'busy' });
    const { body } = await ask('POST', '/v1/verifications', { to: newNumber() }, keys.shop);
    const { messageId } = body.delivery.sends[0]!;
    await until('it is dead', 20, async () => (await messagesIn(rabbit.url, DEAD)) === 1);
    const [foreign] = await deadTexts(1);

    const seenBy = async (key?: string) => {
      const { body: list } = await ask('GET', '/v1/dead-letters', undefined, key);
      return { waiting: list.waiting, ids: list.deadLetters.map((letter) => letter.messageId).sort() };
    };
    expect(await seenBy(keys.ops)).toEqual({ waiting: 2, ids: [messageId, foreign!.messageId].sort() });
    expect(await seenBy(keys['shop-ops'])).toEqual({ waiting: 1, ids: [messageId] });
    expect(await seenBy(keys['bank-ops'])).toEqual({ waiting: 0, ids: [] });
    expect((await ask('GET', `/v1/dead-letters/${messageId}`, undefined, keys['shop-ops'])).status).toBe(200);
    for (const [id, key] of [
      [messageId, keys['bank-ops']],
      [foreign!.messageId, keys['bank-ops']],
      [foreign!.messageId, keys['shop-ops']],
    ] as const) {
      expect((await ask('GET', `/v1/dead-letters/${id}`, undefined, key)).status).toBe(404);
      for (const verb of ['replay', 'discard'])
        expect((await ask('POST', `/v1/dead-letters/${verb}`, { messageIds: [id] }, key)).body).toMatchObject({
          waiting: key === keys['bank-ops'] ? 0 : 1,
          matching: 0,
          remaining: 0,
        });
    }
    expect((await ask('GET', '/v1/parked', undefined, keys['shop-ops'])).body).toMatchObject({
      status: 403,
      code: 'forbidden',
      missingService: '*',
    });
    expect(await messagesIn(rabbit.url, DEAD)).toBe(2);
    expect((await ask('POST', '/v1/dead-letters/discard', {}, keys['shop-ops'])).body).toMatchObject({ discarded: 1 });
    expect(await seenBy(keys.ops)).toEqual({ waiting: 1, ids: [foreign!.messageId] });
  }, 120_000);

  it('replayed after the company has healed, each text arrives once, and the queue is empty', async () => {
    const texts = await deadTexts(25);

    const { code, stdout, stderr } = await startOtpost(['dead-letters', 'replay', '--rate', '100'], operator(), '25\n')
      .ended;

    expect({ code, stdout }).toEqual({ code: 0, stdout: '25 replayed\n' });
    expect(stderr).toContain('replayed 25 of 25');
    await eachArrivedOnce(texts);
    expect(await messagesIn(rabbit.url, DEAD)).toBe(0);
  }, 120_000);

  it('replayed while the company still refuses, they die again, marked, and the run ends', async () => {
    const texts = await deadTexts(3);
    lab.faults.set({ code: 'busy' });

    const run = await call('replay', ['--yes']);

    expect(run).toMatchObject({ code: 0, stdout: '3 replayed\n' });
    await until('they are dead again', 10, async () => (await messagesIn(rabbit.url, DEAD)) === 3);
    const { properties, content } = (await takeFrom(rabbit.url, DEAD))!;
    expect(properties.headers).toMatchObject({
      'x-attempt': 1,
      'x-replay-count': 1,
      'x-replayed-by': 'ops',
      'x-queue': QUEUE,
    });
    expect(texts.map(({ messageId }) => messageId)).toContain(properties.messageId);
    expect(JSON.parse(content.toString())).toMatchObject({
      pattern: 'sms.send',
      data: { messageId: properties.messageId },
    });
  }, 120_000);

  it('leaves out texts whose code or verification is over, and says how many and why', async () => {
    lab.faults.set({ code: 'busy' });
    const { body: over } = await ask('POST', '/v1/verifications', { to: newNumber() }, keys.shop);
    await until('it is undeliverable', 10, async () => {
      const { body } = await ask('GET', `/v1/verifications/${over.id}`, undefined, keys.shop);
      return body.status === 'undeliverable';
    });
    const expired = await deadTexts(2, 1);
    const alive = await deadTexts(1);
    await until('the codes have died', 5, async () =>
      (await call('replay', ['--dry-run'])).stderr.includes('2 (code expired)'),
    );

    const run = await call('replay', [], '1');

    expect(run).toMatchObject({ code: 3, stdout: '1 replayed\n' });
    expect(run.stderr).toContain('left out: 2 (code expired)');
    expect(run.stderr).toContain('left out: 1 (verification undeliverable)');
    await eachArrivedOnce(alive);
    expect(expired.flatMap(({ to }) => lab.inbox.list(to))).toEqual([]);
    expect(await messagesIn(rabbit.url, DEAD)).toBe(3);
  }, 120_000);

  it('a verification that is still pending gets its text, and its code works', async () => {
    const to = newNumber();
    const { body } = await ask('POST', '/v1/verifications', { to }, keys.shop);
    await codeFor(lab, to);
    lab.faults.set({ code: 'busy' });
    await until('another text may be asked for', 5, async () => {
      return (await ask('POST', `/v1/verifications/${body.id}/resends`, {}, keys.shop)).status === 202;
    });
    await until('it is dead', 10, async () => (await messagesIn(rabbit.url, DEAD)) === 1);
    lab.faults.clear();
    lab.inbox.delete();

    expect(await call('replay', ['--to', to, '--yes'])).toMatchObject({ code: 0, stdout: '1 replayed\n' });

    const answer = await ask(
      'POST',
      `/v1/verifications/${body.id}/checks`,
      { code: await codeFor(lab, to) },
      keys.shop,
    );
    expect(answer.body).toMatchObject({ valid: true, status: 'approved' });
  }, 120_000);

  it('a replay whose otpost is killed goes on when it is called again: nothing lost, nothing twice', async () => {
    const texts = await deadTexts(40);
    const run = startOtpost(['dead-letters', 'replay', '--yes', '--rate', '2'], operator());
    await until('some are replayed', 30, () => /replayed \d+ of 40/.test(run.stderr()));

    run.kill('SIGKILL');
    expect((await run.ended).code).toBe('SIGKILL');
    const again = await call('replay', ['--yes', '--rate', '100']);

    expect(again.code).toBe(0);
    expect(Number(/^(\d+) replayed/.exec(again.stdout)![1])).toBeLessThan(40);
    await eachArrivedOnce(texts);
    expect(await messagesIn(rabbit.url, DEAD)).toBe(0);
  }, 180_000);

  it('a replay whose gateway is killed goes on when it is called again: nothing lost, nothing twice', async () => {
    const texts = await deadTexts(40);
    const run = startOtpost(['dead-letters', 'replay', '--yes', '--rate', '10'], operator());
    await until('some have arrived', 30, () => lab.inbox.list().length >= 5);

    gateway.kill('SIGKILL');
    await gateway.ended;
    expect(await run.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/The gateway at .+ does not answer/),
    });
    gateway = await startGateway();
    const again = await call('replay', ['--yes', '--rate', '100']);

    expect(again.code).toBe(0);
    await eachArrivedOnce(texts);
    await until('nothing is left', 5, async () => (await messagesIn(rabbit.url, DEAD)) === 0);
  }, 180_000);

  it('discarded ones are gone for good, and only when their number was typed', async () => {
    await deadTexts(60);

    expect(await call('discard', ['--dry-run'])).toMatchObject({ code: 0, stdout: '' });
    const mistyped = await call('discard', [], '6');
    expect(mistyped).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was discarded') });
    expect(await messagesIn(rabbit.url, DEAD)).toBe(60);
    const { deadLetters } = (await ask('GET', '/v1/dead-letters')).body;
    const one = await call('discard', ['--id', String(deadLetters[0]!.messageId), '--yes']);
    expect(one).toMatchObject({ code: 0, stdout: '1 discarded\n' });
    expect(await call('discard', [], '59')).toMatchObject({ code: 0, stdout: '59 discarded\n' });

    expect((await ask('GET', '/v1/dead-letters')).body).toMatchObject({ waiting: 0, matching: 0, cursor: null });
  }, 120_000);

  it('parked messages show their head, with codes and numbers masked', async () => {
    await withChannel(rabbit.url, async (channel) => {
      channel.publish('otpost', 'sms.send', Buffer.from('to +8613800138000: code 48 15 16, not JSON'));
      await channel.waitForConfirms();
    });
    await until('it is parked', 10, async () => (await messagesIn(rabbit.url, PARKED)) === 1);

    const { body, text } = await ask('GET', '/v1/parked');

    expect(body).toMatchObject({ consumer: 'sms-worker', waiting: 1 });
    expect(body.parked).toMatchObject([
      { reason: 'not-json', queue: QUEUE, bytes: 42, head: 'to +****: code ****, not JSON' },
    ]);
    for (const secret of ['138001', '8000', '48 15', '1516']) expect(text).not.toContain(secret);
    expect(await messagesIn(rabbit.url, PARKED)).toBe(1);
  });

  it('otpost says in a sentence that the gateway is not there', async () => {
    const nobody = await otpost(['dead-letters', 'list'], { OTPOST_URL: `http://127.0.0.1:${await freePort()}` });
    expect(nobody).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/does not answer .+ is OTPOST_URL right\?/),
    });
  });
});
