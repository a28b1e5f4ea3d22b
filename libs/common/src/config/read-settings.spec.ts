import { ArrayNotEmpty, IsBoolean, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mask } from '../telemetry/mask.js';
import { readSettings, SettingsError } from './read-settings.js';
import { Setting } from './setting.js';

class ShopSettings {
  @Setting({ env: 'SHOP_PORT', about: 'Port of the shop.', example: '3000' })
  @IsInt()
  @Min(1)
  @Max(65535)
  port: number = 3000;

  @Setting({ env: 'SHOP_URLS', about: 'Where the shop sells.', example: 'https://a.example,https://b.example' })
  @ArrayNotEmpty()
  @Matches(/^https:/, { each: true, message: 'each address must begin with https:' })
  urls: string[] = [];

  @Setting({ env: 'SHOP_TOKEN', about: 'Who may sell.', example: 'a-long-token', secret: true })
  @Matches(/^\S{8,}$/)
  token!: string;

  @Setting({ env: 'SHOP_OPEN', about: 'Whether it sells.', example: 'true' })
  @IsOptional()
  @IsBoolean()
  open?: boolean;
}

const read = (environment: Record<string, string>) => readSettings({ shop: ShopSettings }, environment).shop;
const problems = (environment: Record<string, string>) => {
  try {
    read(environment);
    return [];
  } catch (error) {
    return (error as SettingsError).problems;
  }
};

describe('settings', () => {
  const GOOD = { SHOP_URLS: 'https://a.example, https://b.example', SHOP_TOKEN: 'token-of-the-shop' };

  it('are typed, with their defaults', () => {
    expect(read({ ...GOOD, SHOP_OPEN: 'false' })).toEqual({
      port: 3000,
      urls: ['https://a.example', 'https://b.example'],
      token: 'token-of-the-shop',
      open: false,
    });
    expect(read({ ...GOOD, SHOP_PORT: '8080' })).toMatchObject({ port: 8080 });
  });

  it('say everything that is wrong at once, a line for each: name, what is wrong, an example', () => {
    expect(problems({ SHOP_PORT: 'many', SHOP_URLS: 'ftp://a', SHOP_OPEN: 'perhaps' })).toEqual([
      expect.stringMatching(/^SHOP_PORT: it must .*; Port of the shop\. Example: SHOP_PORT=3000$/),
      'SHOP_URLS: each address must begin with https:; Where the shop sells. Example: SHOP_URLS=https://a.example,https://b.example',
      'SHOP_TOKEN: is missing; Who may sell. Example: SHOP_TOKEN=a-long-token',
      'SHOP_OPEN: it must be a boolean value; Whether it sells. Example: SHOP_OPEN=true',
    ]);
  });

  it('an empty variable counts as absent', () => {
    expect(read({ ...GOOD, SHOP_PORT: '' })).toMatchObject({ port: 3000 });
    expect(problems({ ...GOOD, SHOP_URLS: '' })).toEqual([expect.stringMatching(/^SHOP_URLS: is missing/)]);
  });

  it('never show a value that is wrong: it may be a secret', () => {
    expect(problems({ ...GOOD, SHOP_TOKEN: 'sesame!' }).join()).not.toContain('sesame');
  });

  it('come from files as well, and a secret is masked from then on', () => {
    const folder = mkdtempSync(join(tmpdir(), 'otpost-settings-'));
    try {
      const file = join(folder, 'token');
      writeFileSync(file, 'token-from-a-file\n');
      const { SHOP_TOKEN: _, ...rest } = GOOD;

      expect(read({ ...rest, SHOP_TOKEN_FILE: file }).token).toBe('token-from-a-file');
      expect(mask('{"error":"bad token-from-a-file here"}')).toBe('{"error":"bad *** here"}');
      expect(problems({ ...rest, SHOP_TOKEN_FILE: join(folder, 'none') })).toEqual([
        `SHOP_TOKEN_FILE: cannot read ${join(folder, 'none')} (ENOENT); name a readable file`,
        expect.stringMatching(/^SHOP_TOKEN: is missing/),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
