import { readKeyList } from '@app/common';
import { Injectable } from '@nestjs/common';
import { createHmac, hkdfSync } from 'node:crypto';
import { VerificationSettings } from './verification.config.js';

/** What a value is called under each key of HASH_KEYS, in the order of the list: new things get the first name. */
export type Names = readonly [string, ...string[]];

/** A code as a send keeps it: with the id of the key, so that the key may be another one by the time it is checked. */
export interface CodeHash {
  readonly codeKeyId: string;
  readonly codeHash: string;
}

/** The hashes of a code that somebody typed, by the ids of the keys. */
export type CodeHashes = Readonly<Record<string, string>>;

/**
 * HMAC-SHA-256 of what Redis must recognise but not hold. Codes and numbers have so few values that a plain hash would
 * give them away; the keys are HASH_KEYS, outside Redis, by HKDF (RFC 5869) one of each for each use.
 *
 * A rotation loses nothing because the keys are all tried as long as they are listed, for each kind in its own way:
 *
 * 1. a code is hashed once, and its send says with which key
 * 2. a number goes by one name at a time: `NumberNames` says by which
 * 3. a prefix and a network are counted under all their names, and each count can refuse
 * 4. a request with an idempotency key is looked for under all its names
 */
@Injectable()
export class KeyedHash {
  private readonly keys;

  constructor({ hashKeys }: VerificationSettings) {
    this.keys = readKeyList(hashKeys).map(({ id, key }) => {
      const subkey = (use: string) => Buffer.from(hkdfSync('sha256', key, '', use, 32));
      return {
        id,
        number: subkey('otpost number'),
        code: subkey('otpost code'),
        prefix: subkey('otpost prefix'),
        network: subkey('otpost network'),
        request: subkey('otpost request'),
      };
    });
  }

  /** Of an E.164 number. */
  ofNumber(to: string): Names {
    return this.namesOf(to, 'number');
  }

  ofPrefix(prefix: string): Names {
    return this.namesOf(prefix, 'prefix', SHORT);
  }

  ofNetwork(network: string): Names {
    return this.namesOf(network, 'network', SHORT);
  }

  /** Of what tells requests apart: a body holds a number, and a key may be anything. No two lists of parts look alike. */
  ofRequest(parts: readonly string[]): Names {
    return this.namesOf(JSON.stringify(parts), 'request');
  }

  /** Bound to its verification: the hash of a code says nothing about the same code elsewhere. */
  ofNewCode(verificationId: string, code: string): CodeHash {
    const [{ id, code: key }] = this.keys as [(typeof this.keys)[0]];
    return { codeKeyId: id, codeHash: hmac(key, `${verificationId} ${code}`) };
  }

  ofTypedCode(verificationId: string, code: string): CodeHashes {
    return Object.fromEntries(this.keys.map((key) => [key.id, hmac(key.code, `${verificationId} ${code}`)]));
  }

  private namesOf(value: string, use: Use, length = WHOLE): Names {
    return this.keys.map((key) => hmac(key[use], value).slice(0, length)) as [string, ...string[]];
  }
}

type Use = 'number' | 'prefix' | 'network' | 'request';

const WHOLE = 64;
/** 128 bits: nobody gains by two that share a counter. */
const SHORT = 32;

const hmac = (key: Buffer, value: string): string => createHmac('sha256', key).update(value).digest('hex');
