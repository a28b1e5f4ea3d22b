import { randomUUID } from 'node:crypto';
import { EventPublisher, SmsSend, VerificationCodeParams } from '@app/common';
import { messagesIn, takeFrom, withChannel } from '../support/broker-view.js';
import { codeFor, newNumber, serverOf, startSystem, type System, type SystemServices } from '../support/system.js';
import { until } from '../support/until.js';

/** From the button to the handset and back, on every set of services. */
export function mainFlowSuite(name: string, services: () => SystemServices): void {
  describe(`the main flow on ${name}`, () => {
    let system: System;
    beforeAll(async () => {
      system = await startSystem(services(), { SMS_RETRY_BACKOFF_SECONDS: '0.2', SMS_SEND_TIMEOUT_SECONDS: '3' });
    });
    afterAll(() => system.close());
    afterEach(() => system.lab.faults.clear());

    const start = (to: string) => system.post('/v1/verifications', { to });
    const check = (id: string, code: string) => system.post(`/v1/verifications/${id}/checks`, { code });
    const timeline = async (id: string) => (await system.get(`/v1/verifications/${id}/timeline`)).body.timeline;
    const eventOf = (id: string, event: string, seconds = 10) =>
      until(`${event} on the timeline`, seconds, async () =>
        (await timeline(id)).find((entry) => entry.event === event),
      );
    /** Not the right one. */
    const other = (code: string) => String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');
    const smsSend = (more: Partial<SmsSend> & { code?: string }): SmsSend => {
      const { code = '123456', ...rest } = more;
      return Object.assign(new SmsSend(), {
        messageId: randomUUID(),
        to: newNumber(),
        template: 'verification-code',
        locale: 'zh-CN',
        params: Object.assign(new VerificationCodeParams(), { code, minutes: '5' }),
        expiresAt: new Date(Date.now() + 60_000).toISOString(),
        ...rest,
      });
    };
    const publish = (event: SmsSend) =>
      system.gateway.get(EventPublisher).publish(event, { messageId: event.messageId });

    it('texts a code, and that code approves the verification', async () => {
      const to = newNumber();
      const { status, body } = await start(to);
      expect(status).toBe(202);
      expect(body).toMatchObject({ status: 'pending', delivery: { status: 'queued' } });

      const answer = await check(body.id, await codeFor(system.lab, to));

      expect(answer).toMatchObject({ status: 200, body: { valid: true, status: 'approved' } });
      expect(await eventOf(body.id, 'sms.accepted')).toMatchObject({ provider: 'ccp', attempt: 1, final: true });
      expect((await system.get(`/v1/verifications/${body.id}`)).body.delivery.status).toBe('accepted');
    });

    it('a national number is read in the default region', async () => {
      const to = newNumber();
      await start(to.replace('+86', ''));

      expect(await codeFor(system.lab, to)).toMatch(/^\d{6}$/);
    });

    it('S56 a second request for the number is told when to come back, sends nothing and voids nothing', async () => {
      const to = newNumber();
      const { id } = (await start(to)).body;
      const code = await codeFor(system.lab, to);

      const { status, headers, body } = await start(to);

      expect(status).toBe(429);
      expect(body).toMatchObject({ code: 'destination_in_cooldown' });
      expect(body.retryAfter).toBeGreaterThan(50);
      expect(body.retryAfter).toBeLessThanOrEqual(60);
      expect(headers.get('retry-after')).toBe(String(body.retryAfter));
      expect(system.lab.inbox.list(to)).toHaveLength(1);
      expect((await check(id, code)).body).toMatchObject({ valid: true, status: 'approved' });
    });

    it('five wrong codes end it, and the right one is too late', async () => {
      const to = newNumber();
      const { body } = await start(to);
      const code = await codeFor(system.lab, to);

      const answers = [];
      for (let guess = 0; guess < 5; guess++) answers.push((await check(body.id, other(code))).body);

      expect(answers.map(({ valid, status }) => [valid, status])).toEqual([
        ...Array<unknown>(4).fill([false, 'pending']),
        [false, 'max_attempts_reached'],
      ]);
      expect(await check(body.id, code)).toMatchObject({
        status: 409,
        body: { verificationStatus: 'max_attempts_reached' },
      });
    });

    it('a temporary refusal is tried again with growing waits, and one text arrives', async () => {
      const to = newNumber();
      system.lab.faults.set({ to, failFirst: 2, code: 'busy' });
      const { body } = await start(to);

      await eventOf(body.id, 'sms.accepted');

      const outcomes = (await timeline(body.id)).filter(({ event }) => String(event).startsWith('sms.'));
      expect(outcomes).toMatchObject([
        { event: 'sms.rejected', attempt: 1, final: false, errorClass: 'RETRYABLE', errorScope: 'provider' },
        { event: 'sms.rejected', attempt: 2, final: false },
        { event: 'sms.accepted', attempt: 3, final: true },
      ]);
      const at = outcomes.map((outcome) => Date.parse(outcome.at as string));
      expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(195);
      expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(395);
      expect(system.lab.inbox.list(to)).toHaveLength(1);
    });

    it('a company that never stops refusing uses up the attempts: dead letter, timeline, undeliverable', async () => {
      const to = newNumber();
      system.lab.faults.set({ to, code: 'busy' });
      const { body } = await start(to);

      const last = await eventOf(body.id, 'verification.undeliverable');

      expect(last).toBeTruthy();
      expect((await timeline(body.id)).filter(({ event }) => event === 'sms.rejected')).toMatchObject([
        { attempt: 1, final: false },
        { attempt: 2, final: false },
        { attempt: 3, final: false },
        { attempt: 4, final: true },
      ]);
      expect((await system.get(`/v1/verifications/${body.id}`)).body).toMatchObject({
        status: 'undeliverable',
        delivery: { status: 'rejected' },
      });
      const letter = await until('a dead letter', 5, () => takeFrom(services().rabbitUrl, 'sms-worker.sms.send.dead'));
      expect(letter.properties.headers).toMatchObject({ 'x-attempt': 4, 'x-class': 'RETRYABLE', 'x-provider': 'ccp' });
      expect(letter.properties.headers!['x-reason']).toMatch(/^attempts used up|^ccp \d+ \(RETRYABLE\/provider\)$/);
    });

    it('a bad number is not tried again, and asks no second company', async () => {
      const to = newNumber();
      system.lab.faults.set({ to, code: 'invalid-number' });
      const { body } = await start(to);

      await eventOf(body.id, 'verification.undeliverable');

      expect((await timeline(body.id)).filter(({ event }) => event === 'sms.rejected')).toMatchObject([
        { attempt: 1, final: true, errorClass: 'PERMANENT', errorScope: 'recipient' },
      ]);
      await until('a dead letter', 5, () => takeFrom(services().rabbitUrl, 'sms-worker.sms.send.dead'));
    });

    it('the gateway answers while the company is still thinking', async () => {
      const to = newNumber();
      system.lab.faults.set({ to, latencyMs: 1500 });

      const { status } = await start(to);

      expect(status).toBe(202);
      expect(system.lab.inbox.list(to)).toHaveLength(0);
      await codeFor(system.lab, to);
    });

    it('an answer that was cut off is asked for again under the same reference: one text', async () => {
      const to = newNumber();
      system.lab.faults.set({ to, cut: 'after' });
      const { body } = await start(to);
      expect(await eventOf(body.id, 'sms.unknown')).toMatchObject({ final: false, attempt: 1 });
      system.lab.faults.clear(to);

      expect(await eventOf(body.id, 'sms.accepted')).toMatchObject({ attempt: 2 });
      expect(system.lab.inbox.list(to)).toHaveLength(1);
      expect(system.lab.stats.view().duplicates).toBe(0);
    });

    it('S50 a text whose code has died is not sent', async () => {
      const event = smsSend({ expiresAt: new Date(Date.now() - 3000).toISOString() });
      const calls = system.lab.stats.view().calls;
      const { body } = await start(newNumber());
      await eventOf(body.id, 'sms.accepted');
      event.verificationId = body.id;

      expect(await publish(event)).toBe('confirmed');
      await until(
        'the queue is done',
        5,
        async () => (await messagesIn(services().rabbitUrl, 'sms-worker.sms.send')) === 0,
      );
      await until('handled', 5, async () => (await metric(system, 'otpost_sms_expired_total')) >= 1);

      expect(system.lab.stats.view().calls).toBe(calls + 1);
    });

    it('another producer’s plain event is sent, once however often it is published', async () => {
      const event = smsSend({ code: '246810' });
      await Promise.all([publish(event), publish(event), publish(event)]);

      expect(await codeFor(system.lab, event.to)).toBe('246810');
      await until(
        'the queue is done',
        20,
        async () =>
          (await metric(system, 'otpost_events_in_flight')) === 0 &&
          (await messagesIn(services().rabbitUrl, 'sms-worker.sms.send')) === 0,
      );
      expect(system.lab.inbox.list(event.to)).toHaveLength(1);
    });

    it('no readable code or number lies in the queue', async () => {
      serverOf(system.worker).pause('test');
      await until('nothing is consumed', 5, () => serverOf(system.worker).trouble === 'paused: test');
      const to = newNumber();
      let body: string;
      try {
        await start(to);
        const message = await until('the event is in the queue', 5, () =>
          withChannel(services().rabbitUrl, async (channel) => {
            const got = await channel.get('sms-worker.sms.send');
            if (got) channel.nack(got, false, true);
            return got || undefined;
          }),
        );
        body = JSON.stringify([message.content.toString(), message.properties]);
      } finally {
        serverOf(system.worker).resume('test');
      }
      const code = await codeFor(system.lab, to);

      expect(body).toContain('sealed:v1:k1:');
      for (const secret of [code, to, to.slice(3)]) {
        expect(body).not.toContain(secret);
        expect(body).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
      }
    });

    it('a sealed code that was moved to another receiver is parked, not sent', async () => {
      serverOf(system.worker).pause('test');
      await until('nothing is consumed', 5, () => serverOf(system.worker).trouble === 'paused: test');
      const thief = newNumber();
      try {
        await start(newNumber());
        const got = await until('the event is in the queue', 5, () =>
          takeFrom(services().rabbitUrl, 'sms-worker.sms.send'),
        );
        const packet = JSON.parse(got.content.toString());
        packet.data.to = thief;
        await withChannel(services().rabbitUrl, async (channel) => {
          channel.publish('otpost', 'sms.send', Buffer.from(JSON.stringify(packet)), { type: 'sms.send' });
          await channel.waitForConfirms();
        });
      } finally {
        serverOf(system.worker).resume('test');
      }

      const parked = await until('it is parked', 5, () => takeFrom(services().rabbitUrl, 'sms-worker.parked'));

      expect(parked.properties.headers!['x-reason']).toBe(
        'unsealable: code does not open: another key, message or receiver',
      );
      expect(system.lab.inbox.list(thief)).toHaveLength(0);
    });
  });
}

async function metric(system: System, name: string): Promise<number> {
  const text = await (await fetch(`${await system.worker.getUrl()}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 'NaN');
}
