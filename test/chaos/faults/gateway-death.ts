import { until } from '../../support/until.ts';
import { isPromised } from '../record.js';
import type { Row } from '../row.js';
import type { Scene } from '../scene.js';

/** As its first answer arrives. */
async function afterItsPromise({ client, gateways }: Scene, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const [gateway] = gateways;
    let promises = 0;
    client.onAnswer = (request, asked) => {
      if (asked === 0 && isPromised(request) && ++promises === 1) gateway!.signal('SIGKILL');
    };
    await until('the first promise', 20, () => promises > 0);
    client.onAnswer = () => undefined;
    await gateway!.end();
    await gateway!.start();
  }
}

/** As the broker's confirm arrives, and before the gateway has read it. */
async function beforeTheConfirm({ gateways, proxies }: Scene, rounds: number): Promise<void> {
  const [gateway] = gateways;
  const [proxy] = proxies;
  for (let round = 0; round < rounds; round++) {
    let killed = false;
    proxy!.rule = (frame, direction) => {
      if (direction !== 'to-client' || frame.method !== 'basic.ack') return !killed;
      if (!killed) gateway!.signal('SIGKILL');
      killed = true;
      return false;
    };
    await until('a confirm is on the wire', 20, () => killed);
    await gateway!.end();
    proxy!.rule = () => true;
    proxy!.cut();
    await gateway!.start();
  }
}

export const gatewayDeathRows: readonly Row[] = [
  {
    id: 'F13',
    title: 'a gateway is killed right after a promise, and before a confirm',
    nodes: 1,
    short: true,
    bounds: { gapSeconds: 5, unanswered: 'any' }, // those who asked a gateway that was dead, or died of it
    prepare: (scene) => scene.interpose(['gateway', 0]),
    play: async (scene) => {
      const rounds = scene.rounds(3);
      scene.injected();
      await afterItsPromise(scene, rounds);
      await beforeTheConfirm(scene, rounds);
      scene.healed();
    },
  },
];
