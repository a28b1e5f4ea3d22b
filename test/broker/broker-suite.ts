import { connecting } from './suite/connecting.ts';
import { consuming } from './suite/consuming.ts';
import { deadLettering } from './suite/dead-lettering.ts';
import { declaring } from './suite/declaring.ts';
import { limits } from './suite/limits.ts';
import { pika } from './suite/pika.ts';
import { publishing } from './suite/publishing.ts';
import { settling } from './suite/settling.ts';
import type { BrokerUnderTest } from './workbench.ts';

/** What every broker under Otpost does; the cases assert what RabbitMQ 3.10.8 was seen to do, to the letter. */
export function brokerSuite(broker: BrokerUnderTest): void {
  describe(broker.name, () => {
    for (const part of [connecting, declaring, publishing, consuming, settling, deadLettering, limits, pika]) {
      describe(part.name, () => part(broker));
    }
  });
}
