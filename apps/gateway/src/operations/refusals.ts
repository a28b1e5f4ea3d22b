import { BrokerAwayError, dependencyUnavailable, NoSuchQueueError, Problem } from '@app/common';

export const noSuchDeadLetter = () =>
  new Problem({
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: 'No dead letter with this message id lies in this queue. It may have been replayed or discarded.',
  });

const noSuchQueue = () =>
  new Problem({
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: 'There is no such queue. Name the one where the events died, such as sms-worker.sms.send.',
  });

/** Says over HTTP why a queue could not be looked through. */
export function refuse(error: unknown): never {
  if (error instanceof NoSuchQueueError) throw noSuchQueue();
  if (error instanceof BrokerAwayError)
    throw dependencyUnavailable('RabbitMQ does not answer at the moment. Nothing is lost; try again.');
  throw error;
}
