import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nextNumber } from '../test/chaos/client.js';
import { withChannel } from '../test/support/broker-view.js';

type Seal = (plain: string, sealedFor: { messageId: string; field: 'to' | 'code'; to?: string }) => string;
type Channel = Parameters<Parameters<typeof withChannel>[1]>[0];

export const SEND_QUEUE = 'sms-worker.sms.send';
/** Beyond the end of any run: a text whose code has died costs a worker less than one that it sends. */
const LIVES_FOR_MS = 3_600_000;
const TAGS = 64;

/** Publishes texts as the gateway does, sealed and of the same size, of verifications that no gateway knows. */
export class Texts {
  private constructor(
    private readonly url: string,
    private readonly seal: Seal,
  ) {}

  static async of(url: string, sealingKeys: string): Promise<Texts> {
    const file = resolve('dist/libs/common/src/sealing/sealer.js');
    const { Sealer } = (await import(pathToFileURL(file).href)) as {
      Sealer: new (settings: { keys: string[] }) => { seal: Seal };
    };
    const sealer = new Sealer({ keys: sealingKeys.split(',') });
    return new Texts(url, sealer.seal.bind(sealer));
  }

  /** As fast as the broker takes them; resolves when it has confirmed all. */
  pile(count: number): Promise<void> {
    return withChannel(this.url, async (channel) => {
      for (let n = 1; n <= count; n++) {
        if (!this.publish(channel)) await once(channel, 'drain');
        if (n % 5000 === 0) await channel.waitForConfirms();
      }
      await channel.waitForConfirms();
    });
  }

  /** Publishes on one channel while `use` runs. */
  async using<T>(use: (publish: () => void) => Promise<T>): Promise<T> {
    return withChannel(this.url, async (channel) => {
      const result = await use(() => void this.publish(channel));
      await channel.waitForConfirms();
      return result;
    });
  }

  private publish(channel: Channel): boolean {
    const messageId = randomUUID();
    const to = nextNumber();
    const code = String(randomInt(10 ** 6)).padStart(6, '0');
    const packet = {
      pattern: 'sms.send',
      data: {
        messageId,
        verificationId: verificationId(),
        to: this.seal(to, { messageId, field: 'to' }),
        template: 'verification-code',
        locale: 'zh-CN',
        params: { code: this.seal(code, { messageId, field: 'code', to }), minutes: '5' },
        expiresAt: new Date(Date.now() + LIVES_FOR_MS).toISOString(),
      },
    };
    return channel.publish('otpost', 'sms.send', Buffer.from(JSON.stringify(packet)), {
      messageId,
      type: 'sms.send',
      contentType: 'application/json',
      persistent: true,
      mandatory: true,
      headers: { 'x-attempt': 1, 'x-schema': 1 },
    });
  }
}

/** Of the form that a gateway gives; its outcomes cost the gateway the step in Redis that those of its own cost. */
const verificationId = () =>
  `vrf_${randomInt(TAGS).toString(16).padStart(2, '0')}${Date.now().toString(16).padStart(12, '0')}${randomBytes(10).toString('hex')}`;

export const waitingIn = (url: string): Promise<number> =>
  withChannel(url, async (channel) => (await channel.checkQueue(SEND_QUEUE)).messageCount);

export const purge = (url: string): Promise<void> =>
  withChannel(url, async (channel) => void (await channel.purgeQueue(SEND_QUEUE)));
