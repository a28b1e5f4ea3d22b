import type { Command } from './command.js';
import { deadLettersList, deadLettersShow } from './dead-letters/dead-letters-list.command.js';
import { deadLettersDiscard, deadLettersReplay } from './dead-letters/dead-letters-move.command.js';
import { keysCreate } from './keys/keys-create.command.js';
import { retryScheduleCommand } from './retry-schedule.js';
import { topologyCheck } from './topology/topology-check.command.js';
import { topologyExport } from './topology/topology-export.command.js';
import { topologyPrint } from './topology/topology-print.command.js';

/** Everything `otpost` can do: a command joins by its file and one line here. */
export const commands: readonly Command[] = [
  topologyPrint,
  topologyCheck,
  topologyExport,
  retryScheduleCommand,
  keysCreate,
  deadLettersList,
  deadLettersShow,
  deadLettersReplay,
  deadLettersDiscard,
];
