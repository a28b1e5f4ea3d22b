import { Setting } from '@app/common';
import { ArrayUnique, Matches } from 'class-validator';
import { IsNetwork } from './network.js';
import { DEFAULT_SERVICE, type Caller, type Scope } from './caller.js';

/** A key for all services only operates: a verification is always started for one. */
const ENTRY =
  /^[a-z0-9-]{1,32}:((verify|operate)(\+(verify|operate))*:[0-9a-f]{64}(:[a-z][a-z0-9-]{0,31})?|operate:[0-9a-f]{64}:\*)$/;

export class AccessSettings {
  @Setting({
    env: 'API_KEYS',
    about:
      'Who may use the API: id:scopes:SHA-256 of the key in hex:service, scopes verify and operate joined by +; no service: default; * with operate alone: all services. otpost keys create makes one. None: everybody may, and production refuses to start.',
    example: 'shop:verify:$(printf %s "$KEY" | sha256sum | cut -c1-64)',
    optional: true,
  })
  @Matches(ENTRY, {
    each: true,
    message: 'each key must be id:scopes:64 hex digits, or that and :service (otpost keys create makes one)',
  })
  @ArrayUnique((entry: string) => entry.split(':')[0], { message: 'each id may stand for one key only' })
  apiKeys: string[] = [];

  @Setting({
    env: 'TRUSTED_PROXIES',
    about:
      'Addresses and networks of the proxies in front, whose X-Forwarded-For is believed; API keys bound to networks need it. None: the address is that of the connection.',
    example: '10.0.0.0/8,2001:db8::/32',
    optional: true,
  })
  @IsNetwork()
  trustedProxies: string[] = [];

  @Setting({
    env: 'CORS_ORIGINS',
    about:
      'Origins whose pages may read answers of the API, such as an admin page of yours; a key in a page is a key given away. None: none.',
    example: 'https://admin.example.com',
    optional: true,
  })
  @Matches(/^https?:\/\/[^/?#*\s]+$/, { each: true, message: 'each must be an origin: scheme, host and port, no path' })
  corsOrigins: string[] = [];
}

/** A key as API_KEYS has it. */
export interface KeyEntry extends Caller {
  /** SHA-256 of the key. */
  readonly hash: Buffer;
}

export const entriesOf = ({ apiKeys }: AccessSettings): KeyEntry[] =>
  apiKeys.map((entry) => {
    const [id = '', scopes = '', hash = '', service = DEFAULT_SERVICE] = entry.split(':');
    return { id, scopes: scopes.split('+') as Scope[], service, hash: Buffer.from(hash, 'hex') };
  });
