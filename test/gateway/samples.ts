import { SmsSend } from '@app/common';
import { randomBytes, randomUUID } from 'node:crypto';
import type { Outcome, Send } from '../../apps/gateway/src/delivery/send.js';
import type { OutboxEntry } from '../../apps/gateway/src/outbox/outbox.js';
import { newVerificationId } from '../../apps/gateway/src/verification/verification-id.js';
import { newSend, newVerification, type Verification } from '../../apps/gateway/src/verification/verification.js';

export const NOON = new Date('2026-10-09T12:00:00Z');
export const after = (seconds: number) => new Date(NOON.getTime() + seconds * 1000);

/** A number that no other test has. */
export const newNumberHash = () => randomBytes(32).toString('hex');

export const sampleSend = (code: string, now = NOON, ttlSeconds = 300): Send =>
  newSend(randomUUID(), { codeKeyId: 'h1', codeHash: hashOf(code) }, ttlSeconds, now);

/** Stands for the keyed hash: the store compares hashes and never makes one. */
const hashOf = (code: string) => `hash of ${code}`;
export const guess = (code: string) => ({ service: 'default', hashes: { h1: hashOf(code) }, length: code.length });

export function sampleVerification(
  send: Send,
  { numberHash = newNumberHash(), ...rest }: Partial<Verification> = {},
): Verification {
  return newVerification(
    {
      id: newVerificationId(numberHash, new Date(send.queuedAt)),
      service: 'default',
      sealedTo: 'sealed:v1:k1:AAAA',
      numberHash,
      numberUnrecognized: false,
      channel: 'sms',
      origins: ['no-ip:anybody'],
      trusted: false,
      purpose: 'login',
      template: 'verification-code',
      locale: 'zh-CN',
      metadata: {},
      codeLength: 6,
      maxChecks: 5,
      maxSends: 5,
      codeTtlSeconds: 300,
      resendCooldownSeconds: 60,
      ...rest,
    },
    send,
  );
}

/** The text of a send, due at once unless told otherwise. */
export const textOf = (
  { id, template, locale }: Pick<Verification, 'id' | 'template' | 'locale'>,
  { messageId, queuedAt, expiresAt }: Send,
  dueAt = queuedAt,
): OutboxEntry => ({
  event: Object.assign(new SmsSend(), {
    messageId,
    verificationId: id,
    to: 'sealed:v1:k1:AAAA',
    template,
    locale,
    params: { code: 'sealed:v1:k1:BBBB', minutes: '5' },
    expiresAt: new Date(expiresAt).toISOString(),
  }),
  dueAt,
});

export const outcome = (event: string, { messageId }: Send, more: Partial<Outcome> = {}): Outcome => ({
  at: NOON.getTime(),
  event,
  messageId,
  attempt: 1,
  provider: 'ccp',
  final: true,
  ...more,
});
