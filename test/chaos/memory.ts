/** Resident memory of a process at a moment (epoch milliseconds). */
export interface MemorySample {
  readonly at: number;
  readonly mb: number;
}

/**
 * The heap of a container of 256 MB, and a full collection every ten seconds. Left alone, V8 lets garbage lie for minutes
 * on a machine with memory to spare: resident memory would tell when it last collected, and not what is kept.
 */
export const TIDY_HEAP: readonly string[] = [
  '--max-old-space-size=96',
  '--max-semi-space-size=4',
  '--expose-gc',
  '--import=data:text/javascript,setInterval(globalThis.gc, 10_000).unref()',
];

/** MB a minute by least squares; undefined for fewer than two moments. */
export function slopeOf(samples: readonly MemorySample[]): number | undefined {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const minutes = samples.map(({ at }) => (at - samples[0]!.at) / 60_000);
  const [middle, level] = [mean(minutes), mean(samples.map(({ mb }) => mb))];
  const spread = minutes.reduce((sum, minute) => sum + (minute - middle) ** 2, 0);
  if (!(spread > 0)) return undefined;
  return samples.reduce((sum, { mb }, n) => sum + (minutes[n]! - middle) * (mb - level), 0) / spread;
}
