/**
 * What became of one publish. Only `confirmed` means that a queue has the event.
 *
 * - `confirmed`: routed, and taken over by the broker
 * - `nacked`: refused by the broker (a full queue)
 * - `returned`: no queue is bound for it
 * - `timed-out`: written, and no answer in time: it may arrive or not
 * - `cut-off`: written, and the connection was lost before the answer: it may arrive or not
 * - `disconnected`: not written: no connection
 * - `blocked`: not written: the broker has raised an alarm and takes no publishes
 * - `full`: not written: too many publishes are waiting for their answer
 */
export type PublishOutcome =
  'confirmed' | 'nacked' | 'returned' | 'timed-out' | 'cut-off' | 'disconnected' | 'blocked' | 'full';
