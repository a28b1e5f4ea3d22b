import { Injectable } from '@nestjs/common';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readKeyList } from '../config/key-list.js';
import { SEALED } from './sealed.js';
import { SealingSettings } from './sealing.config.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What a sealed value belongs to. It opens only with the same words, so nobody can move it to another message, field or receiver. */
export interface SealedFor {
  readonly messageId: string;
  readonly field: 'to' | 'code';
  /** The receiver of a code, E.164: a kept code must not be sent to somebody else. */
  readonly to?: string;
}

/** The value was not sealed with our keys for this message, field and receiver. */
export class UnsealableError extends Error {}

/** AES-256-GCM with key ids (NIST SP 800-38D: 96-bit random IV, 128-bit tag). */
@Injectable()
export class Sealer {
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly current: string;

  constructor(settings: SealingSettings) {
    const keys = readKeyList(settings.keys);
    this.keys = new Map(keys.map(({ id, key }) => [id, key]));
    this.current = keys[0]?.id ?? '';
  }

  seal(plain: string, sealedFor: SealedFor): string {
    const keyId = this.current;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.keyOf(keyId), iv).setAAD(additionalData(keyId, sealedFor));
    const bytes = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `sealed:v1:${keyId}:${bytes.toString('base64url')}`;
  }

  /** @throws UnsealableError, whose message names neither the value nor what is in it. */
  open(sealed: string, sealedFor: SealedFor): string {
    const [, keyId, text] = SEALED.exec(sealed) ?? [];
    if (keyId === undefined || text === undefined) throw new UnsealableError(`${sealedFor.field} is not sealed`);
    const key = this.keyOf(keyId);
    const bytes = Buffer.from(text, 'base64url');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES))
        .setAAD(additionalData(keyId, sealedFor))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      throw new UnsealableError(`${sealedFor.field} does not open: another key, message or receiver`);
    }
  }

  private keyOf(keyId: string): Buffer {
    const key = this.keys.get(keyId);
    if (!key) throw new UnsealableError(`no sealing key with id ${keyId}`);
    return key;
  }
}

const additionalData = (keyId: string, { messageId, field, to }: SealedFor): Buffer =>
  Buffer.from(JSON.stringify(['v1', keyId, messageId, field, to ?? null]));
