import { EXCHANGE, topologyOf, type Consumer, type Topology } from '@app/common';

/** What one user may touch, as RabbitMQ has it: regular expressions over the names of exchanges and queues. */
export interface Rights {
  readonly user: string;
  /** Declare. */
  readonly configure: string;
  /** Publish, and bind a queue. */
  readonly write: string;
  /** Consume, look at, and bind to an exchange. */
  readonly read: string;
}

/**
 * The least that an app needs which handles `own` and declares the inboxes of `others`. Its own part of the names is open,
 * for lanes and delays to come; of the others' it gets what it declares, and reads only what `reads` names. Where a queue of
 * the others is gone, only its owner can create it again: RabbitMQ wants the right to read a queue that dead-letters.
 */
export function rightsOf(own: Consumer, others: readonly Consumer[], reads: (queue: string) => boolean): Rights {
  const foreign = others.map((other) => topologyOf([other]));
  const exchanges = [EXCHANGE, ...others.map(({ name }) => name)];
  const declared = patternOf(own.name, [...exchanges, ...foreign.flatMap(queuesOf)]);
  return {
    user: own.name,
    configure: declared,
    write: declared,
    read: patternOf(own.name, [...exchanges, ...foreign.flatMap(queuesOf).filter(reads)]),
  };
}

const queuesOf = ({ queues }: Topology): string[] => queues.map(({ name }) => name);

/** The own name and all that begins with it and a dot, and these. */
const patternOf = (own: string, names: readonly string[]): string =>
  `^(${[`${escaped(own)}(\\..*)?`, ...names.map(escaped)].join('|')})$`;

const escaped = (name: string): string => name.replaceAll('.', '\\.');
