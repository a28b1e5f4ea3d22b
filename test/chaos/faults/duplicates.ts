import type { Row } from '../row.js';

const TEXTS = 200;

export const duplicateRows: readonly Row[] = [
  {
    id: 'F27',
    title: `each of ${TEXTS} events published three times at once`,
    nodes: 1,
    rate: 0,
    bounds: { gapSeconds: 5 },
    play: async (scene) => {
      scene.carrier.fail({ latencyMs: 100 });
      scene.injected();
      await scene.publish(scene.plainTexts(TEXTS), 3);
      await scene.delivered(30);
      scene.note(`${scene.carrier.repeats} repetitions were left to the company to refuse`);
    },
  },
];
