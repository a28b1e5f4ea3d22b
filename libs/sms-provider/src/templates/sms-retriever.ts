import { createHash } from 'node:crypto';

/** Bytes of a text that Android's SMS Retriever still reads: https://developers.google.com/identity/sms-retriever/verify. */
export const RETRIEVER_MAX_BYTES = 140;

/** The 11 characters by which an Android app finds its texts: from its package name and the DER of its signing certificate. */
export function appHash(packageName: string, certificate: Buffer): string {
  const digest = createHash('sha256')
    .update(`${packageName} ${certificate.toString('hex')}`)
    .digest();
  return digest.subarray(0, 9).toString('base64').slice(0, 11);
}
