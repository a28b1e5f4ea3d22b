import type { End, Request } from './record.js';

interface Entry {
  readonly event: string;
  readonly messageId?: string;
  readonly final?: boolean;
  readonly maybeDuplicate?: boolean;
}

/** What the gateway tells support about one request. */
export interface Told {
  readonly end: End | undefined;
  readonly maybeDuplicate: boolean;
  readonly messageIds: readonly string[];
}

const ENDS: Readonly<Record<string, End>> = {
  'sms.accepted': 'accepted',
  'sms.expired': 'expired',
  'sms.rejected': 'dead',
  'sms.unknown': 'unknown',
};

export async function timelineOf(gateway: string, { id }: Request): Promise<Told> {
  const response = await fetch(`${gateway}/v1/verifications/${id}/timeline`, { signal: AbortSignal.timeout(5000) });
  if (!response.ok) return { end: undefined, maybeDuplicate: false, messageIds: [] };
  const { timeline } = (await response.json()) as { timeline: Entry[] };
  const ends = timeline.filter(({ final }) => final).map(({ event }) => ENDS[event]);
  return {
    end: ends.includes('accepted') ? 'accepted' : ends.at(-1),
    maybeDuplicate: timeline.some(({ maybeDuplicate }) => maybeDuplicate),
    messageIds: timeline.flatMap(({ messageId }) => (messageId === undefined ? [] : [messageId])),
  };
}

/** Reads them with a few requests at once; those that have no end yet are read again for so many seconds. */
export async function timelinesOf(gateway: string, requests: readonly Request[], seconds: number) {
  const told = new Map<string, Told>();
  let deadline: number | undefined;
  let open = requests.filter(({ id }) => id !== undefined);
  while (open.length > 0) {
    const queue = [...open];
    const one = async () => {
      for (let request = queue.pop(); request; request = queue.pop()) {
        const found = await timelineOf(gateway, request).catch(() => undefined);
        if (found) told.set(request.to, found);
      }
    };
    await Promise.all(Array.from({ length: 16 }, one));
    open = open.filter(({ to }) => told.get(to)?.end === undefined);
    deadline ??= Date.now() + seconds * 1000;
    if (Date.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return told;
}
