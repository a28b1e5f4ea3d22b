import { randomBytes } from 'node:crypto';
import { rotated, type ApiKey } from './api-key.js';
import type { KeyStore } from './key-store.js';

const NOON = new Date('2026-10-09T12:00:00Z');
const newHash = () => randomBytes(32).toString('hex');
const newKey = (more: Partial<ApiKey> = {}): ApiKey => ({
  id: `key-${randomBytes(6).toString('hex')}`,
  scopes: ['verify'],
  service: 'shop',
  cidrs: [],
  description: 'wörd "quoted"',
  secrets: [{ hash: newHash() }],
  createdAt: NOON.getTime(),
  createdBy: 'ops',
  ...more,
});

/** What every KeyStore promises. */
export function keyStoreSuite(name: string, createStore: () => KeyStore): void {
  describe(`${name}: a key store`, () => {
    let store: KeyStore;
    beforeAll(() => {
      store = createStore();
    });
    const created = async (more?: Partial<ApiKey>) => {
      const key = newKey(more);
      expect(await store.create(key, NOON)).toBe('created');
      return key;
    };

    it('keeps all of a key, and finds it by its id and its hash', async () => {
      const key = await created({ cidrs: ['10.0.0.0/8'], expiresAt: NOON.getTime() + 1 });
      expect(await store.find(key.id)).toEqual({ key });
      expect(await store.findByHash(key.secrets[0]!.hash)).toEqual({ key });
      expect(await store.findByHash(newHash())).toBeUndefined();
      expect(await store.find('nobody')).toBeUndefined();
    });

    it('keeps one of fifty that are made at once with one id', async () => {
      const { id } = newKey();
      const keys = Array.from({ length: 50 }, () => newKey({ id }));
      const outcomes = await Promise.all(keys.map((key) => store.create(key, NOON)));
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
      const kept = await Promise.all(keys.map(({ secrets }) => store.findByHash(secrets[0]!.hash)));
      expect(kept.filter(Boolean)).toEqual([{ key: keys[outcomes.indexOf('created')] }]);
    });

    it('lists by id', async () => {
      const [b, a] = [await created({ id: 'zz-b' }), await created({ id: 'zz-a' })];
      const ids = (await store.list()).map(({ key }) => key.id);
      expect(ids).toEqual([...ids].sort());
      expect((await store.list()).slice(-2)).toEqual([{ key: a }, { key: b }]);
    });

    it('replaces a key by its next self: old and new secret find it, one outlived does not', async () => {
      const first = await created();
      const second = rotated(first, newHash(), 1000, NOON);
      const third = rotated(second, newHash(), 1000, NOON);

      expect(await store.replace(first, second)).toBe(true);
      expect(await store.findByHash(first.secrets[0]!.hash)).toEqual({ key: second });
      expect(await store.replace(second, third)).toBe(true);

      for (const { hash } of third.secrets) expect(await store.findByHash(hash)).toEqual({ key: third });
      expect(await store.findByHash(first.secrets[0]!.hash)).toBeUndefined();
    });

    it('lets one of twenty that are changed at once through', async () => {
      const first = await created();
      const nexts = Array.from({ length: 20 }, () => rotated(first, newHash(), 0, NOON));
      const done = await Promise.all(nexts.map((next) => store.replace(first, next)));
      expect(done.filter(Boolean)).toHaveLength(1);
      expect(await store.find(first.id)).toEqual({ key: nexts[done.indexOf(true)] });
    });

    it('forgets a removed key with all its secrets', async () => {
      const first = await created();
      const second = rotated(first, newHash(), 1000, NOON);
      await store.replace(first, second);
      await store.touch(first.id, NOON);

      expect(await store.remove(first.id)).toBe(true);

      expect(await store.remove(first.id)).toBe(false);
      expect(await store.replace(second, first)).toBe(false);
      for (const { hash } of second.secrets) expect(await store.findByHash(hash)).toBeUndefined();
      expect(await store.create(first, NOON)).toBe('created');
      expect(await store.find(first.id)).toEqual({ key: first });
    });

    it.each(['half a character: \ud800', '"', '\0'])('changes and ends a key described as %j', async (description) => {
      const first = await created({ description });
      const second = rotated(first, newHash(), 0, NOON);
      expect(await store.replace(first, second)).toBe(true);
      expect(await store.findByHash(first.secrets[0]!.hash)).toBeUndefined();
      expect(await store.remove(first.id)).toBe(true);
      expect(await store.findByHash(second.secrets[0]!.hash)).toBeUndefined();
    });

    it('notes when a key was used, and brings none back to life by that', async () => {
      const key = await created();
      await store.touch(key.id, NOON);
      expect(await store.find(key.id)).toEqual({ key, lastUsedAt: NOON.getTime() });
      expect((await store.findByHash(key.secrets[0]!.hash))?.lastUsedAt).toBe(NOON.getTime());
      await store.remove(key.id);
      await store.touch(key.id, NOON);
      expect(await store.find(key.id)).toBeUndefined();
    });

    it('is full at two hundred of a service, and at a thousand', async () => {
      const own = createStore();
      for (const { key } of await own.list()) await own.remove(key.id);
      for (const service of ['a', 'b', 'c', 'd', 'e']) {
        for (let n = 0; n < 200; n++) expect(await own.create(newKey({ service }), NOON)).toBe('created');
        expect(await own.create(newKey({ service }), NOON)).toBe('full');
      }
      expect(await own.create(newKey({ service: 'f' }), NOON)).toBe('full');
    });

    it('drops what has expired when another is made', async () => {
      const own = createStore();
      for (const { key } of await own.list()) await own.remove(key.id);
      const expiresAt = NOON.getTime() + 1000;
      const service = 'short-lived';
      for (let n = 0; n < 200; n++) await own.create(newKey({ service, expiresAt }), NOON);
      const [{ key }] = (await own.list()) as [{ key: ApiKey }];
      expect(await own.create(newKey({ service }), new Date(expiresAt - 1))).toBe('full');

      const fresh = newKey({ service });
      expect(await own.create(fresh, new Date(expiresAt))).toBe('created');
      expect(await own.list()).toEqual([{ key: fresh }]);
      expect(await own.findByHash(key.secrets[0]!.hash)).toBeUndefined();
    });
  });
}
