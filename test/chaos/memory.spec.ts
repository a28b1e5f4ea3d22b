import { slopeOf } from './memory.js';

const every = (seconds: number, mb: readonly number[]) =>
  mb.map((each, n) => ({ at: 1_700_000_000_000 + n * seconds * 1000, mb: each }));

describe('slopeOf', () => {
  it.each([
    ['a level one', every(1, [150, 150, 150, 150]), 0],
    ['3 MB a minute', every(60, [100, 103, 106, 109]), 3],
    ['3 MB a minute, sampled each second', every(1, [100, 100.05, 100.1, 100.15]), 3],
    ['one that is given back', every(60, [120, 110, 100]), -10],
    ['noise around a level', every(60, [100, 104, 100, 104, 100]), 0],
    ['uneven moments', [...every(60, [10, 12]), { at: 1_700_000_000_000 + 10 * 60_000, mb: 30 }], 2],
  ])('%s', (_, samples, expected) => {
    expect(slopeOf(samples)).toBeCloseTo(expected, 6);
  });

  it.each([[[]], [every(1, [100])]])('says nothing of %j', (samples) => {
    expect(slopeOf(samples)).toBeUndefined();
  });
});
