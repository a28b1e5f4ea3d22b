import { withChannel } from '../../support/broker-view.js';
import { until } from '../../support/until.ts';
import type { Row } from '../row.js';
import type { Scene } from '../scene.js';

const EACH = 100;

/** Every other code in a backlog has died when a worker comes. */
async function expireInBacklog(scene: Scene): Promise<void> {
  await Promise.all(scene.workers.map((worker) => worker.kill()));
  const dying = scene.plainTexts(EACH, 1);
  const living = scene.plainTexts(EACH);
  await withChannel(scene.cluster.alive.url, async (channel) => {
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, 'otpost', 'sms.expired');
    await channel.consume(queue, (event) => note(event?.content), { noAck: true });
    const numberOf = new Map(dying.map(({ messageId, to }) => [messageId, to]));
    const note = (content?: Buffer) => {
      const { data } = JSON.parse(String(content)) as { data: { messageId: string } };
      const to = numberOf.get(data.messageId);
      if (to) scene.ends.set(to, 'expired');
    };
    await scene.publish(dying.flatMap((text, n) => [text, living[n]!]));
    scene.injected();
    await scene.wait(4);
    await Promise.all(scene.workers.map((worker) => worker.start()));
    scene.healed();
    await until('all have ended', 30, () => scene.ends.size === EACH && scene.carrier.texts.length >= EACH);
  });
  const late = scene.carrier.texts.filter(({ to }) => scene.ends.has(to)).length;
  scene.expect(late === 0, `${late} texts were sent although their codes had died`);
}

export const expiryRows: readonly Row[] = [
  {
    id: 'F30',
    title: `${EACH} dead codes among ${EACH} living ones in a backlog`,
    nodes: 1,
    rate: 0,
    bounds: { expired: EACH },
    play: expireInBacklog,
  },
];
