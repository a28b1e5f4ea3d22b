import { SettingsError, StartRefused } from '@app/common';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SmsProvider } from '../sms-provider.js';
import { refuseEmptyRoutes } from './coverage.js';
import { readRoutingPlan } from './read-routing-plan.js';
import { companiesOf, everyRouteOf, planOf } from './routing-plan.js';

const KNOWN = ['ccp', 'twilio', 'webhook'];

describe('the routes file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'otpost-routes-'));
  const path = join(folder, 'routes.json');
  afterAll(() => rmSync(folder, { recursive: true }));

  const read = (content: unknown) => {
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return readRoutingPlan(path, KNOWN);
  };
  const problemsOf = (content: unknown): readonly string[] => {
    try {
      read(content);
    } catch (error) {
      return (error as SettingsError).problems;
    }
    return [];
  };
  const one = (more: object) => ({ routes: [{ name: 'all', companies: [{ company: 'ccp' }], ...more }] });

  it('gives a plan', () => {
    const plan = read({
      limits: [{ name: 'ccp', perSecond: 50, concurrency: 100 }],
      routes: [
        { name: 'china', to: ['CN'], companies: [{ company: 'ccp' }, { company: 'webhook' }] },
        {
          name: 'world',
          pick: 'weight',
          companies: [
            { company: 'twilio', weight: 3 },
            { company: 'webhook', weight: 1 },
          ],
        },
      ],
    });
    expect(companiesOf(plan)).toEqual(['ccp', 'webhook', 'twilio']);
    expect(plan.routes.map(({ pick }) => pick)).toEqual(['order', 'weight']);
  });

  it('gives sets of routes, whose companies count like the others', () => {
    const bank = { name: 'bank', routes: [{ name: 'bank-china', to: ['CN'], companies: [{ company: 'twilio' }] }] };
    const plan = read({ ...one({}), sets: [bank], limits: [{ name: 'twilio', perSecond: 5 }] });
    expect(companiesOf(plan)).toEqual(['ccp', 'twilio']);
    expect(everyRouteOf(plan).map(({ name }) => name)).toEqual(['all', 'bank-china']);
    expect(plan.sets!.map(({ name, routes }) => [name, routes[0]!.pick])).toEqual([['bank', 'order']]);
  });

  it.each<[what: string, content: unknown, problem: string]>([
    ['what is no JSON', '{', 'is no JSON'],
    ['an array', [], 'must be a JSON object'],
    ['no routes', {}, 'routes'],
    ['an unknown member', { ...one({}), breaker: 1 }, 'breaker is not known here'],
    ['an unknown member of a route', one({ fallback: true }), 'routes[0].fallback is not known here'],
    ['an unknown company', one({ companies: [{ company: 'shout' }] }), 'no company is called shout; known: ccp'],
    ['a company twice', one({ companies: [{ company: 'ccp' }, { company: 'ccp' }] }), 'each company once'],
    ['a place that is none', one({ to: ['China'] }), 'countries such as CN'],
    ['a rate of 0', { ...one({}), limits: [{ name: 'ccp', perSecond: 0 }] }, 'limits[0].perSecond'],
    ['limits of nobody', { ...one({}), limits: [{ name: 'twilio', perSecond: 1 }] }, 'twilio, which is on no route'],
    ['weights that are missing', one({ pick: 'weight' }), 'picks by weight, and ccp has none'],
    ['costs that are missing', one({ pick: 'cost' }), 'picks by cost, and ccp has none'],
    ['two routes of one name', { routes: [...one({}).routes, ...one({}).routes] }, 'a name of its own'],
    [
      'a set that is called like no name',
      { ...one({}), sets: [{ name: 'The bank', routes: one({}).routes }] },
      'sets[0].name',
    ],
    ['a set without routes', { ...one({}), sets: [{ name: 'bank', routes: [] }] }, 'sets[0].routes'],
    ['sets alone', { sets: [{ name: 'bank', ...one({ name: 'b' }) }] }, 'routes'],
    [
      'an unknown member of a set',
      { ...one({}), sets: [{ name: 'bank', ...one({}), to: ['CN'] }] },
      'sets[0].to is not',
    ],
    [
      'a route in a set that is wrong',
      { ...one({}), sets: [{ name: 'b', ...one({ pick: 'best' }) }] },
      'sets[0].routes[0].pick',
    ],
    [
      'an unknown company in a set',
      { ...one({}), sets: [{ name: 'b', ...one({ name: 'b', companies: [{ company: 'shout' }] }) }] },
      'called shout',
    ],
    [
      'a cost that is missing in a set',
      { ...one({}), sets: [{ name: 'b', ...one({ name: 'b', pick: 'cost' }) }] },
      'the route b picks by cost',
    ],
    [
      'a route of a set called like another',
      { ...one({}), sets: [{ name: 'bank', ...one({}) }] },
      'two routes are called all',
    ],
    [
      'two sets of one name',
      { ...one({}), sets: [1, 2].map((n) => ({ name: 'bank', ...one({ name: `r${n}` }) })) },
      'each set needs',
    ],
  ])('refuses %s', (_what, content, problem) => {
    expect(problemsOf(content)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });

  it('refuses a file that is not there', () => {
    expect(() => readRoutingPlan(join(folder, 'none.json'), KNOWN)).toThrow('cannot be read (ENOENT)');
  });

  it('a route of which no company carries anything is refused with a sentence', () => {
    const mainland = {
      name: 'ccp',
      supports: ({ to }: { to: string }) => /^\+861\d{10}$/.test(to),
    } as unknown as SmsProvider;
    const companies = new Map([['ccp', mainland]]);
    const routesTo = (...to: string[]) => read(one({ to })).routes;

    for (const carried of [['CN'], ['+86'], ['+86138'], ['US', 'CN']])
      refuseEmptyRoutes(routesTo(...carried), companies);
    refuseEmptyRoutes(planOf(['ccp']).routes, companies);
    for (const lost of ['US', '+1', '+852']) {
      expect(() => refuseEmptyRoutes(routesTo(lost), companies)).toThrow(StartRefused);
      expect(() => refuseEmptyRoutes(routesTo(lost), companies)).toThrow(
        `the route all to ${lost} has no company that carries such texts (ccp)`,
      );
    }
  });
});
