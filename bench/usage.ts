import { readFileSync } from 'node:fs';

/** Of the kernel's clock, in which it counts the time of processes: USER_HZ, 100 on every Linux of today. */
const TICKS_PER_SECOND = 100;

/** What one process used while something ran. */
export interface Usage {
  /** Resident memory, sampled four times a second. */
  readonly mb: readonly number[];
  /** Time on a core, in percent of one. */
  readonly cpuPercent: number;
  /** Time for which its main thread was ready to run and no core was free, in percent: what others took from it. */
  readonly waitPercent: number;
}

export async function usageDuring<T, K extends string>(
  pids: Readonly<Record<K, number>>,
  work: () => Promise<T>,
): Promise<{ result: T; usage: Record<K, Usage> }> {
  const meters = Object.entries<number>(pids).map(([name, pid]) => {
    const mb = [residentMb(pid)];
    return { name, pid, mb, cpuBefore: cpuSeconds(pid), waitBefore: waitSeconds(pid) };
  });
  const began = performance.now();
  const sampling = setInterval(() => meters.forEach(({ pid, mb }) => mb.push(residentMb(pid))), 250);
  try {
    const result = await work();
    const seconds = (performance.now() - began) / 1000;
    const usage = meters.map(({ name, pid, mb, cpuBefore, waitBefore }) => {
      const cpuPercent = ((cpuSeconds(pid) - cpuBefore) / seconds) * 100;
      const waitPercent = ((waitSeconds(pid) - waitBefore) / seconds) * 100;
      return [name, { mb, cpuPercent, waitPercent }] as const;
    });
    return { result, usage: Object.fromEntries(usage) as unknown as Record<K, Usage> };
  } finally {
    clearInterval(sampling);
  }
}

const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** proc(5): fields 14 and 15, counted behind the name, which may hold spaces. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The kernel's Documentation/scheduler/sched-stats: nanoseconds on a core, and in wait of one. */
const waitSeconds = (pid: number): number => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e9;
