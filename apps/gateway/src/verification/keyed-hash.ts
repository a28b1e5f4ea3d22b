import { Injectable } from '@nestjs/common';
import { createHmac, hkdfSync, type Hmac } from 'node:crypto';
import { VerificationSettings } from './verification.config.js';

/**
 * HMAC-SHA-256 of what Redis must recognise but not hold. Codes and numbers have so few values that a plain hash would
 * give them away; the key is HASH_KEY, outside Redis, by HKDF (RFC 5869) one for each use.
 */
@Injectable()
export class KeyedHash {
  private readonly numbers: Buffer;
  private readonly codes: Buffer;
  private readonly prefixes: Buffer;
  private readonly networks: Buffer;
  private readonly requests: Buffer;

  constructor({ hashKey }: VerificationSettings) {
    const subkey = (use: string) => Buffer.from(hkdfSync('sha256', Buffer.from(hashKey, 'base64'), '', use, 32));
    this.numbers = subkey('otpost number');
    this.codes = subkey('otpost code');
    this.prefixes = subkey('otpost prefix');
    this.networks = subkey('otpost network');
    this.requests = subkey('otpost request');
  }

  ofNumber(to: string): string {
    return createHmac('sha256', this.numbers).update(to).digest('hex');
  }

  ofPrefix(prefix: string): string {
    return short(createHmac('sha256', this.prefixes).update(prefix));
  }

  ofNetwork(network: string): string {
    return short(createHmac('sha256', this.networks).update(network));
  }

  /** Bound to its verification: the hash of a code says nothing about the same code elsewhere. */
  ofCode(verificationId: string, code: string): string {
    return createHmac('sha256', this.codes).update(`${verificationId} ${code}`).digest('hex');
  }

  /** Of what tells requests apart: a body holds a number, and a key may be anything. No two lists of parts look alike. */
  ofRequest(parts: readonly string[]): string {
    return createHmac('sha256', this.requests).update(JSON.stringify(parts)).digest('hex');
  }
}

/** 128 bits: nobody gains by two that share a counter. */
const short = (hmac: Hmac): string => hmac.digest('hex').slice(0, 32);
