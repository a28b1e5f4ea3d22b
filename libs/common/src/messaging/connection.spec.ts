import fc from 'fast-check';
import { shuffled } from './connection.js';

describe('the order in which nodes are tried', () => {
  it('has each node once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (nodes) => {
        expect([...shuffled(nodes)].sort()).toEqual([...nodes].sort());
      }),
    );
  });

  it('begins with each of them about equally often', () => {
    const count = 30_000;
    const first = Array.from({ length: count }, () => shuffled(['a', 'b', 'c'])[0]!);
    for (const node of ['a', 'b', 'c']) {
      const times = first.filter((each) => each === node).length;
      expect(Math.abs(times - count / 3)).toBeLessThan(500); // six standard deviations
    }
  });
});
