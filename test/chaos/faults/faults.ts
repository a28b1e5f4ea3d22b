import type { Row } from '../row.js';
import { alarmRows } from './alarms.js';
import { clockRows } from './clock.js';
import { companyRows } from './companies.js';
import { consumerTimeoutRows } from './consumer-timeout.js';
import { duplicateRows } from './duplicates.js';
import { expiryRows } from './expiry.js';
import { fullQueueRows } from './full-queues.js';
import { gatewayDeathRows } from './gateway-death.js';
import { lesserBrokerRows } from './lesser-brokers.js';
import { nodeRows } from './nodes.js';
import { partitionRows } from './partitions.js';
import { poisonRows } from './poison.js';
import { replayRows } from './replay.js';
import { topologyRows } from './topology.js';
import { wireRows } from './wire.js';
import { workerDeathRows } from './worker-death.js';

/** Every row, in the order in which they run. */
export const rows: readonly Row[] = [
  ...nodeRows,
  ...partitionRows,
  ...workerDeathRows,
  ...gatewayDeathRows,
  ...wireRows,
  ...alarmRows,
  ...topologyRows,
  ...consumerTimeoutRows,
  ...poisonRows,
  ...companyRows,
  ...duplicateRows,
  ...fullQueueRows,
  ...replayRows,
  ...expiryRows,
  ...clockRows,
  ...lesserBrokerRows,
].sort((a, b) => a.id.localeCompare(b.id));
