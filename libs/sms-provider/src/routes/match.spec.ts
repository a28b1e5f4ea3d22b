import fc from 'fast-check';
import { orderOf, routeFor } from './match.js';
import { RoutePlan, Stop } from './routing-plan.js';

const route = (name: string, more: Partial<RoutePlan> = {}) =>
  Object.assign(new RoutePlan(), { name, companies: [], ...more });
const stops = (...companies: Partial<Stop>[]) => companies.map((stop) => Object.assign(new Stop(), stop));

describe('the route of a text', () => {
  const routes = [
    route('logins', { to: ['CN'], purposes: ['login'] }),
    route('china', { to: ['CN'] }),
    route('sanfrancisco', { to: ['+1415'] }),
    route('canada', { to: ['CA', 'KZ'] }),
    route('plus-one', { to: ['+1'] }),
    route('orders', { purposes: ['order', 'default'] }),
  ];

  it.each([
    ['+8613800138000', 'login', 'logins'],
    ['+8613800138000', undefined, 'china'],
    ['+14155552671', 'login', 'sanfrancisco'],
    ['+16135550123', undefined, 'canada'],
    ['+12025550100', undefined, 'plus-one'],
    ['+77012345678', undefined, 'canada'],
    ['+447700900000', 'order', 'orders'],
    ['+447700900000', undefined, 'orders'],
    ['+447700900000', 'login', undefined],
  ])('%s for %s is %s', (to, purpose, name) => {
    expect(routeFor(routes, { to, purpose })?.name).toBe(name);
  });
});

describe('the order of the companies', () => {
  const names = (plan: RoutePlan, messageId = 'm') => orderOf(plan, messageId).map(({ company }) => company);

  it('is the listed one', () => {
    expect(names(route('r', { companies: stops({ company: 'b' }, { company: 'a' }) }))).toEqual(['b', 'a']);
  });

  it('is the cheapest first, and the listed one where costs are equal', () => {
    const companies = stops({ company: 'a', cost: 3 }, { company: 'b', cost: 1 }, { company: 'c', cost: 1 });
    expect(names(route('r', { pick: 'cost', companies }))).toEqual(['b', 'c', 'a']);
  });

  it('divides texts by weight, each text the same way every time', () => {
    const plan = route('r', {
      pick: 'weight',
      companies: stops({ company: 'a', weight: 3 }, { company: 'b', weight: 1 }),
    });
    const first = Array.from({ length: 4000 }, (_, n) => names(plan, `message ${n}`)[0]);
    const share = first.filter((name) => name === 'a').length / first.length;
    expect(share).toBeGreaterThan(0.72);
    expect(share).toBeLessThan(0.78);
    expect(names(plan, 'message 7')).toEqual(names(plan, 'message 7'));
  });

  it('always holds each company once', () => {
    const weights = fc.array(fc.double({ min: 0.001, max: 1000, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, fc.string(), (list, messageId) => {
        const companies = stops(...list.map((weight, n) => ({ company: `c${n}`, weight, cost: weight })));
        return (['order', 'weight', 'cost'] as const).every(
          (pick) => new Set(names(route('r', { pick, companies }), messageId)).size === list.length,
        );
      }),
    );
  });
});
