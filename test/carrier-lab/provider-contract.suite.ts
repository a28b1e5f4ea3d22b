import type { CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.ts';
import { consequenceOf } from '../../libs/sms-provider/src/consequence.ts';
import type { QueryAnswer, SmsProvider } from '../../libs/sms-provider/src/sms-provider.ts';
import { freePort, until } from '../support/until.ts';
import { ask, aText, query, send, startLab } from './start-lab.ts';

/** One company, for the suite that every provider passes against the lab. */
export interface ProviderCase {
  readonly name: string;
  /** What it is there for, where a rule asks for it. */
  readonly about?: string;
  /** A number that it serves. */
  readonly to: string;
  /** The provider at the lab's address, with the lab's account. */
  at(labUrl: string): SmsProvider;
  /** The same with credentials that are wrong, and the company's code for that. */
  readonly strangers: readonly { readonly what: string; at(labUrl: string): SmsProvider; readonly code: string }[];
  /** Its codes for what a fault may say. */
  readonly codes: Readonly<Record<'busy' | 'invalid-number' | 'too-soon' | 'no-balance', string>>;
  /** How long it wants to be left alone after `too-soon`. */
  readonly tooSoonMs?: number;
  /** It has no code for too many to one number: the whole company is busy then. */
  readonly knowsNoTooSoon?: true;
  /** Its HTTP status says what a code that nobody knows is about. Else it counts as busy. */
  readonly statusSays?: true;
  /** It is not told our reference. */
  readonly withoutReference?: true;
  /** What it is like to ask about earlier texts; missing where the company cannot be asked. */
  readonly query?: {
    /** The company lists a text only when it knows its fate. */
    readonly onlyFates?: true;
    /** Its answer does not say its own id. */
    readonly withoutId?: true;
    /** Its code for undelivered. */
    readonly undelivered: string;
    /** What a query of a stranger (the first of `strangers`) fails with. */
    readonly stranger: string;
  };
  /** Its codes for a template, signature or params that it has not approved. */
  readonly ofRequest: readonly string[];
  /** What the handset shows of the code 123456, which works for 5 minutes. */
  readonly text: string;
}

/** What every provider owes the sender, over real sockets to a company that checks signatures and fails as it is told. */
export function providerContract(company: ProviderCase): void {
  describe(`the provider ${company.name}${company.about ? `, ${company.about}` : ''}`, () => {
    let lab: CarrierLab;
    let provider: SmsProvider;

    beforeAll(async () => {
      lab = await startLab();
      provider = company.at(lab.url);
    });
    afterAll(async () => {
      await provider.close?.();
      await lab.close();
    });
    beforeEach(() => {
      lab.faults.clear();
      lab.inbox.delete();
      lab.stats.reset();
    });

    const text = (changes: Parameters<typeof aText>[0] = {}) => aText({ to: company.to, ...changes });
    const fault = (body: object) => ask(lab, 'PUT', '/faults', body);
    const texts = () => lab.inbox.list().length;
    /** Nothing of a text or an account may reach a log: outcomes do. */
    const leaksNothing = (outcome: object) => {
      const shown = JSON.stringify(outcome);
      for (const value of [company.to.slice(1), company.to.slice(3), '123456', 'http://', 'secret', 'token'])
        expect(shown).not.toContain(value);
    };

    it('goes by its name, and serves the number', () => {
      expect(provider.name).toBe(company.name);
      expect(provider.supports(text())).toBe(true);
    });

    it('is accepted, and the handset has the text', async () => {
      const message = text();

      const outcome = await send(provider, message);

      expect(outcome).toEqual({ kind: 'accepted', providerMessageId: expect.stringMatching(/\S/) });
      expect(lab.inbox.latest(company.to)).toMatchObject({
        text: company.text,
        code: '123456',
        provider: company.name,
        reference: company.withoutReference ? null : message.reference,
      });
      const { providerMessageId } = lab.inbox.latest()!;
      expect(outcome.kind === 'accepted' && outcome.providerMessageId).toContain(providerMessageId);
    });

    it('tells a hundred texts at once apart', async () => {
      const codes = Array.from({ length: 100 }, (_, n) => String(100_000 + n));
      const outcomes = await Promise.all(codes.map((code) => send(provider, text({ params: { code, minutes: '5' } }))));

      expect(outcomes.filter(({ kind }) => kind === 'accepted')).toHaveLength(100);
      expect(new Set(lab.inbox.list().map(({ code }) => code))).toEqual(new Set(codes));
    });

    it.each([
      ['busy', { class: 'RETRYABLE', scope: 'provider' }, { failover: true, alert: false }],
      ['invalid-number', { class: 'PERMANENT', scope: 'recipient' }, { failover: false, alert: false }],
      company.knowsNoTooSoon
        ? (['too-soon', { class: 'RETRYABLE', scope: 'provider' }, { failover: true, alert: false }] as const)
        : (['too-soon', { class: 'RETRYABLE', scope: 'recipient' }, { failover: false, alert: false }] as const),
      ['no-balance', { class: 'PERMANENT', scope: 'account' }, { failover: true, alert: true }],
    ] as const)('understands %s', async (reason, meaning, consequence) => {
      await fault({ code: reason });

      const outcome = await send(provider, text());

      const retryAfterMs = reason === 'too-soon' && company.tooSoonMs ? { retryAfterMs: company.tooSoonMs } : {};
      expect(outcome).toEqual({ kind: 'rejected', code: company.codes[reason], ...meaning, ...retryAfterMs });
      expect(consequenceOf(outcome)).toMatchObject(consequence);
      leaksNothing(outcome);
      expect(texts()).toBe(0);
    });

    if (company.ofRequest.length > 0)
      it.each(company.ofRequest)(
        'S36: %s is about our configuration: never again here, elsewhere, and somebody must act',
        async (code) => {
          await fault({ code });
          const outcome = await send(provider, text());
          expect(outcome).toEqual({ kind: 'rejected', class: 'PERMANENT', scope: 'request', code });
          expect(consequenceOf(outcome)).toMatchObject({ failover: true, alert: true });
        },
      );

    it('takes a code that nobody knows for a company that is busy, or for what the status says', async () => {
      const code = company.name === 'ccp' ? '169999' : 'Nobody.KnowsThis';
      await fault({ code });
      expect(await send(provider, text())).toMatchObject(
        company.statusSays
          ? { kind: 'rejected', class: 'PERMANENT', scope: 'request', code: 'http-400' }
          : { kind: 'rejected', class: 'RETRYABLE', scope: 'provider', code },
      );
    });

    it.each(company.strangers)('with a wrong $what it is told so, and nobody gets a text', async ({ at, code }) => {
      const stranger = at(lab.url);

      const outcome = await send(stranger, text());

      expect(outcome).toEqual({ kind: 'rejected', class: 'PERMANENT', scope: 'account', code });
      expect(consequenceOf(outcome)).toMatchObject({ failover: true, alert: true });
      leaksNothing(outcome);
      expect(texts()).toBe(0);
      await stranger.close?.();
    });

    it.each([
      ['hang', 'before', 0],
      ['hang', 'after', 1],
      ['stall', 'before', 0],
      ['stall', 'after', 1],
    ])('that waits in vain (%s %s) does not know', async (how, moment, taken) => {
      await fault({ [how]: moment });
      const abort = new AbortController();
      const outcome = send(provider, text(), abort.signal);
      await until('the call', 5, () => lab.stats.view().inFlight === 1);
      await until('the text', 5, () => texts() === taken);
      abort.abort();

      expect(await outcome).toEqual({ kind: 'unknown', code: 'aborted' });
      await until('the hang-up', 5, () => lab.stats.view().inFlight === 0);
      expect(texts()).toBe(taken);
    });

    it.each(['before', 'after'])('whose answer is cut %s the text is taken does not know', async (cut) => {
      await fault({ cut });
      expect(await send(provider, text())).toEqual({ kind: 'unknown', code: 'UND_ERR_SOCKET' });
    });

    it('waits for a slow company', async () => {
      await fault({ latencyMs: 300 });
      expect(await send(provider, text())).toMatchObject({ kind: 'accepted' });
    });

    it('knows that nothing was sent where nobody listens', async () => {
      const nowhere = company.at(`http://127.0.0.1:${await freePort()}`);
      expect(await send(nowhere, text())).toMatchObject({
        kind: 'rejected',
        class: 'RETRYABLE',
        scope: 'provider',
        code: 'ECONNREFUSED',
      });
      await nowhere.close?.();
    });

    it('repeats a reference without a second text, or does not claim that it can', async () => {
      const message = text();
      await fault({ cut: 'after' });
      await send(provider, message);
      await fault({});

      const again = await send(provider, { ...message, repeated: true });

      if (provider.capabilities.guardsDuplicates) {
        expect(again).toEqual({ kind: 'accepted', duplicate: true });
        expect(texts()).toBe(1);
      } else {
        expect(again).toMatchObject({ kind: 'accepted' });
        expect(texts()).toBe(2);
      }
    });

    if (!company.query) it('cannot be asked about earlier texts', () => expect(provider.query).toBeUndefined());
    else {
      const { onlyFates, withoutId, undelivered, stranger } = company.query;
      const found = (of: Awaited<ReturnType<typeof send>>): QueryAnswer => ({
        kind: 'found',
        status: 'delivered',
        ...(!withoutId && of.kind === 'accepted' && { providerMessageId: of.providerMessageId! }),
      });
      const FATE_KNOWN = { receiptDelayMs: 0 };
      let codes = 700_000;
      /** No other text of this lab has its code. */
      const fresh = () => text({ params: { code: String(codes++), minutes: '5' } });

      it('S52 says of a text what became of it, though its answer was lost', async () => {
        const message = fresh();
        await fault({ cut: 'after', ...FATE_KNOWN });
        await send(provider, message);

        expect(await query(provider, message)).toMatchObject({ kind: 'found', status: 'delivered' });
        await fault({ cut: 'before', ...FATE_KNOWN });
        const lost = fresh();
        await send(provider, lost);
        expect(await query(provider, lost)).toEqual({ kind: 'absent' });
      });

      it('S52 finds a text by its id, also where nobody knows its words any more', async () => {
        await fault(FATE_KNOWN);
        const message = fresh();
        const outcome = await send(provider, message);
        await send(provider, fresh());

        expect(await query(provider, message, { outcome, forgotten: true })).toEqual({
          ...found(outcome),
          ...(outcome.kind === 'accepted' && { providerMessageId: outcome.providerMessageId }),
        });
      });

      it('S52 tells two texts to one number apart', async () => {
        await fault({ ...FATE_KNOWN, receipt: 'undelivered' });
        const [one, two] = [fresh(), fresh()];
        const first = await send(provider, one);
        await fault(FATE_KNOWN);
        const second = await send(provider, two);

        expect(await query(provider, one)).toEqual({ ...found(first), status: 'undelivered', errorCode: undelivered });
        expect(await query(provider, two)).toEqual(found(second));
      });

      it('S38 says of a text without a fate that it is on its way, or nothing', async () => {
        await fault({ receipt: 'none' });
        const message = fresh();
        const outcome = await send(provider, message);

        expect(await query(provider, message)).toEqual(
          onlyFates ? { kind: 'absent' } : { ...found(outcome), status: 'accepted' },
        );
      });

      it('S52 does not find what it lists late, until it does', async () => {
        await fault({ ...FATE_KNOWN, queryLateMs: 300 });
        const message = fresh();
        const outcome = await send(provider, message);

        expect(await query(provider, message)).toEqual({ kind: 'absent' });
        expect(
          await until('it is listed', 5, async () => {
            const answer = await query(provider, message);
            return answer.kind === 'found' && answer;
          }),
        ).toEqual(found(outcome));
      });

      it('an empty list is absence, an error is none', async () => {
        const message = fresh();
        await fault({ ...FATE_KNOWN, query: 'empty' });
        await send(provider, message);
        expect(await query(provider, message)).toEqual({ kind: 'absent' });
        await fault({ query: 'down' });
        expect(await query(provider, message)).toEqual({ kind: 'failed', code: 'http-503' });
      });

      it('a query that hangs ends with its signal', async () => {
        await fault({ query: 'hang' });
        const abort = new AbortController();
        const answer = query(provider, fresh(), { signal: abort.signal });
        await until('the query', 5, () => lab.stats.view().queries === 1);
        abort.abort();
        expect(await answer).toEqual({ kind: 'failed', code: 'aborted' });
      });

      it('strangers are told nothing', async () => {
        const message = fresh();
        await send(provider, message);
        const other = company.strangers[0]!.at(lab.url);
        const answer = await query(other, message);
        expect(answer).toEqual({ kind: 'failed', code: stranger });
        leaksNothing(answer);
        await other.close?.();
      });
    }

    it('can carry what the lab has approved, and S33: no code that the company would refuse', () => {
      const { approvedTexts } = provider.capabilities;
      if (!approvedTexts) return expect(provider.capabilities.approvedTexts).toBeUndefined();
      expect(approvedTexts.ids.size).toBeGreaterThan(0);
      if (approvedTexts.code)
        for (const code of ['12345678', '12345a78', '']) expect(code).not.toMatch(approvedTexts.code.pattern);
    });
  });
}
