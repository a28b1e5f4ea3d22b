import type { CompanyEntry } from '@app/sms-provider';

const time = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

export const viewOf = ({ name, pause, change, breakers }: CompanyEntry) => ({
  name,
  paused: pause !== undefined,
  pause: pause ? { reason: pause.reason, until: time(pause.until) } : null,
  changedAt: time(change?.at),
  changedBy: change?.by ?? null,
  workers: { closed: breakers.closed, halfOpen: breakers['half-open'], open: breakers.open },
});
