import type { End, Request, Text } from './record.js';
import { judge, type Observation } from './verdict.js';

const request = (to: string, more: Partial<Request> = {}): Request => ({
  to,
  askedAt: 1000,
  answeredAt: 1010,
  status: 202,
  id: `vrf_${to}`,
  ...more,
});
const text = (to: string, at = 1100): Text => ({ to, at, text: '【Otpost】123456' });
const seen = (more: Partial<Observation>): Observation => ({
  requests: [],
  texts: [],
  ends: new Map(),
  maybeDuplicates: new Set(),
  dead: 0,
  parked: 0,
  left: 0,
  ...more,
});
const ends = (...entries: [string, End][]) => new Map(entries);

describe('judge', () => {
  it('a promised text that arrives once and is told so passes', () => {
    const verdict = judge(seen({ requests: [request('a')], texts: [text('a')], ends: ends(['a', 'accepted']) }), {});

    expect(verdict).toMatchObject({ attempted: 1, promised: 1, once: 1, twice: 0, lost: 0, untold: 0, complaints: [] });
  });

  it('a promised text that neither arrives nor ends is lost', () => {
    const verdict = judge(
      seen({ requests: [request('a'), request('b')], texts: [text('b')], ends: ends(['b', 'accepted']) }),
      {},
    );

    expect(verdict.lost).toBe(1);
    expect(verdict.complaints).toEqual(['1 promised and lost: a']);
  });

  it('a timeline that claims a text which the company never had does not save it', () => {
    const verdict = judge(seen({ requests: [request('a')], ends: ends(['a', 'accepted']) }), {});

    expect(verdict.lost).toBe(1);
  });

  it.each([
    [503, 'refused'],
    [0, 'unanswered'],
  ] as const)('a request answered %i counts against the row, unless that allows it', (status, name) => {
    const requests = [request('a'), request('b', { status })];
    const one = seen({ requests, texts: [text('a')], ends: ends(['a', 'accepted']) });

    expect(judge(one, {})).toMatchObject({ [name]: 1, complaints: [`1 requests ${name}: 1 with ${status}`] });
    expect(judge(one, { [name]: 'any' }).complaints).toEqual([]);
  });

  it.each([503, 0])('nothing is owed to a request answered %i, whether its text arrives or not', (status) => {
    const requests = [request('a', { status }), request('b', { status })];
    const allowed = { refused: 'any', unanswered: 'any' } as const;

    expect(judge(seen({ requests, texts: [text('a')] }), allowed)).toMatchObject({ promised: 0, complaints: [] });
  });

  it('a second text to one number is a complaint, unless its timeline owns up to it', () => {
    const twice = { requests: [request('a')], texts: [text('a'), text('a', 1200)], ends: ends(['a', 'accepted']) };

    expect(judge(seen(twice), {}).complaints).toEqual(['1 delivered more than once: a']);
    expect(judge(seen({ ...twice, maybeDuplicates: new Set(['a']) }), {})).toMatchObject({ twice: 1, complaints: [] });
  });

  it('a text that nobody asked for is a complaint', () => {
    expect(judge(seen({ texts: [text('z')] }), {}).complaints).toEqual(['a text to z, for whom nobody asked']);
  });

  it('a text that arrived and of which the timeline knows nothing is a complaint', () => {
    expect(judge(seen({ requests: [request('a')], texts: [text('a')] }), {}).untold).toBe(1);
  });

  it('expired, dead and parked must be as many as the row injects', () => {
    const expired = seen({ requests: [request('a')], ends: ends(['a', 'expired']) });

    expect(judge(expired, {}).complaints).toEqual(['1 expired instead of 0']);
    expect(judge(expired, { expired: 1 }).complaints).toEqual([]);
    expect(judge(expired, { expired: 'any' }).complaints).toEqual([]);
    expect(judge(seen({ dead: 2, parked: 1 }), { parked: 3 }).complaints).toEqual([
      '2 dead instead of 0',
      '1 parked instead of 3',
    ]);
  });

  it('what stays in a queue is a complaint', () => {
    expect(judge(seen({ left: 3 }), {}).complaints).toEqual(['3 messages left in queues']);
  });

  it('the gap is the longest time between two texts, whatever their order in the record', () => {
    const texts = [text('a', 1000), text('c', 9000), text('b', 2500)];
    const requests = ['a', 'b', 'c'].map((to) => request(to));
    const all = ends(['a', 'accepted'], ['b', 'accepted'], ['c', 'accepted']);

    expect(judge(seen({ requests, texts, ends: all }), { gapSeconds: 5 })).toMatchObject({
      gapSeconds: 6.5,
      complaints: ['gap 6.5 s, above 5 s'],
    });
  });

  it('recovery lasts until a text that was asked for after the heal', () => {
    const requests = [request('old', { askedAt: 1000 }), request('new', { askedAt: 5200, answeredAt: 5210 })];
    const texts = [text('old', 5100), text('new', 5700)];
    const healed = seen({ requests, texts, ends: ends(['old', 'accepted'], ['new', 'accepted']), healedAt: 5000 });

    expect(judge(healed, {}).recoverySeconds).toBe(0.7);
    expect(judge({ ...healed, texts: [text('old', 5100)] }, { recoverySeconds: 10 }).complaints).toContain(
      'recovery never, above 10 s',
    );
  });

  it('a request that never got an answer took for ever', () => {
    const hanging = seen({ requests: [request('a', { status: 0, answeredAt: undefined })] });

    expect(judge(hanging, { unanswered: 'any', answerSeconds: 5 }).complaints).toEqual([
      'answer Infinity s, above 5 s',
    ]);
  });

  it('the longest wait is from an answer to its text', () => {
    const requests = [request('a'), request('b'), request('c', { status: 503 })];
    const texts = [text('a', 1005), text('b', 3010), text('c', 9000)];
    const two = seen({ requests, texts, ends: ends(['a', 'accepted'], ['b', 'accepted']) });

    expect(judge(two, { refused: 'any' })).toMatchObject({ waitSeconds: 2, complaints: [] });
    const faulty = { ...two, injectedAt: 1000, healedAt: 1500 };
    expect(judge(faulty, { refused: 'any', waitBeyondFaultSeconds: 2 }).complaints).toEqual([]);
    expect(judge(faulty, { refused: 'any', waitBeyondFaultSeconds: 1 }).complaints).toEqual([
      'wait 2.0 s, above 0.5 s of the fault and 1 s',
    ]);
    expect(judge(seen({ requests: [request('a')] }), {}).waitSeconds).toBeUndefined();
  });
});
