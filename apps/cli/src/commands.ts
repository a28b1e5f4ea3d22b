import type { Command } from './command.js';
import { companiesPause, companiesResume } from './companies/companies-change.command.js';
import { companiesList } from './companies/companies-list.command.js';
import { deadLettersList, deadLettersShow } from './dead-letters/dead-letters-list.command.js';
import { deadLettersDiscard, deadLettersReplay } from './dead-letters/dead-letters-move.command.js';
import { keysRevoke, keysRotate } from './keys/keys-change.command.js';
import { keysCreate } from './keys/keys-create.command.js';
import { keysList } from './keys/keys-list.command.js';
import { retryScheduleCommand } from './retry-schedule.js';
import { templatesAppHash } from './templates/templates-app-hash.command.js';
import { templatesLint } from './templates/templates-lint.command.js';
import { topologyCheck } from './topology/topology-check.command.js';
import { topologyExport } from './topology/topology-export.command.js';
import { topologyPrint } from './topology/topology-print.command.js';

/** Everything `otpost` can do: a command joins by its file and one line here. */
export const commands: readonly Command[] = [
  topologyPrint,
  topologyCheck,
  topologyExport,
  retryScheduleCommand,
  templatesLint,
  templatesAppHash,
  keysCreate,
  keysList,
  keysRotate,
  keysRevoke,
  companiesList,
  companiesPause,
  companiesResume,
  deadLettersList,
  deadLettersShow,
  deadLettersReplay,
  deadLettersDiscard,
];
