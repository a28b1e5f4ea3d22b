import { createHash, createHmac } from 'node:crypto';
import type { CarrierLabSettings } from '../carrier-lab.config.js';
import { RecentMap } from '../recent-map.js';

export type Fields = Readonly<Record<string, string | undefined>>;

/** What the front of the company's API refuses, with its HTTP status; everything else is 200. */
export const STATUS: Readonly<Record<string, number>> = {
  MissingAuthorization: 400,
  SignatureDoesNotMatch: 400,
  SignatureNonceUsed: 400,
  'InvalidTimeStamp.Expired': 400,
  'InvalidAccessKeyId.NotFound': 404,
  'InvalidAction.NotFound': 404,
};

/** The front of the API of Aliyun's products: everything is in the query, the signature is for the path `/`. */
export class Acs3 {
  private readonly nonces = new RecentMap<true>();
  private readonly actions: readonly string[];

  constructor(...actions: string[]) {
    this.actions = actions;
  }

  /** The code for what is wrong with the credentials. */
  refusal(settings: CarrierLabSettings, query: Fields, headers: Fields): string | undefined {
    const [, keyId, names = '', signature] =
      /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
        headers.authorization ?? '',
      ) ?? [];
    if (signature === undefined) return 'MissingAuthorization';
    if (keyId !== settings.aliyunAccessKeyId) return 'InvalidAccessKeyId.NotFound';
    const signed = names.split(';');
    const mustBe = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-acs-'))];
    if (
      !mustBe.every((name) => signed.includes(name)) ||
      signatureOf(settings.aliyunAccessKeySecret, query, headers, signed) !== signature
    )
      return 'SignatureDoesNotMatch';
    if (!(Math.abs(Date.now() - Date.parse(headers['x-acs-date'] ?? '')) < 15 * 60_000))
      return 'InvalidTimeStamp.Expired';
    const nonce = headers['x-acs-signature-nonce'] ?? '';
    if (nonce === '' || this.nonces.get(nonce)) return 'SignatureNonceUsed';
    this.nonces.set(nonce, true);
    const known = this.actions.includes(headers['x-acs-action'] ?? '') && headers['x-acs-version'] === '2017-05-25';
    return known ? undefined : 'InvalidAction.NotFound';
  }
}

/** https://help.aliyun.com/document_detail/2593177.html, for an empty body. */
function signatureOf(secret: string, query: Fields, headers: Fields, signed: readonly string[]): string {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const encode = (text = '') =>
    encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const pairs = Object.keys(query)
    .sort()
    .map((name) => `${encode(name)}=${encode(query[name])}`);
  const lines = signed.map((name) => `${name}:${(headers[name] ?? '').trim()}\n`);
  const canonical = `POST\n/\n${pairs.join('&')}\n${lines.join('')}\n${signed.join(';')}\n${sha256('')}`;
  const hmac = createHmac('sha256', secret);
  return hmac.update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`).digest('hex');
}

/** E.164: a mainland number may have +86, 86, 0086 or nothing before it; others have their country code. */
export function numberOf(written: string | undefined): string | undefined {
  const mainland = /^(?:\+|00)?(?:86)?(1\d{10})$/.exec(written ?? '');
  if (mainland) return `+86${mainland[1]}`;
  return /^[2-9]\d{6,14}$|^1\d{10}$/.test(written ?? '') ? `+${written}` : undefined;
}

export function paramsOf(json = ''): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(json) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
