import fc from 'fast-check';
import { referenceOf } from './reference.ts';

it('is legal at every company, and another one for every message and every n', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), fc.nat(100), fc.nat(100), (message, other, n, m) => {
      const reference = referenceOf(message, n);
      expect(reference).toMatch(/^[A-Za-z0-9]{1,32}$/);
      expect(reference).toBe(referenceOf(message, n));
      if (message !== other || n !== m) expect(referenceOf(other, m)).not.toBe(reference);
    }),
  );
});
