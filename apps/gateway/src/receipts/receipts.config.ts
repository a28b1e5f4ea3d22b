import { readSettings, Setting, SettingsError, type Environment } from '@app/common';
import { providerList } from '@app/sms-provider';
import { ArrayUnique, IsIn, Matches } from 'class-validator';

const telling = providerList.filter(({ receipts }) => receipts !== undefined);
const NAMES = telling.map(({ name }) => name);

/** Which companies may tell us what became of texts. */
export class ReceiptsSettings {
  @Setting({
    env: 'RECEIPT_PROVIDERS',
    about: `Companies whose receipts are taken at POST /v1/receipts/<name>. Known: ${NAMES.join(', ')}. None: none are.`,
    example: 'ccp',
    optional: true,
  })
  @ArrayUnique({ message: 'it must name each company once' })
  @IsIn(NAMES, { each: true, message: `it must list some of: ${NAMES.join(', ')}` })
  providers: string[] = [];

  @Setting({
    env: 'RECEIPT_TOKENS',
    about:
      'For companies that do not sign: the secret end of their address, POST /v1/receipts/<name>/<token>, 32 to 128 letters and digits. More than one while they are changed.',
    example: '$(openssl rand -hex 32)',
    secret: true,
    optional: true,
  })
  @Matches(/^[A-Za-z0-9]{32,128}$/, { each: true, message: 'each must be 32 to 128 letters and digits' })
  tokens: string[] = [];
}

/** Settings of the companies' receipts, by the company's name. */
export type ReceiptSettings = Readonly<Record<string, object>>;

/**
 * Only what the companies of `RECEIPT_PROVIDERS` need is read.
 * @throws SettingsError
 */
export function readReceiptSettings(
  { providers, tokens }: ReceiptsSettings,
  environment: Environment,
): ReceiptSettings {
  const named = telling.filter(({ name }) => providers.includes(name));
  const settings = readSettings(
    Object.fromEntries(named.map(({ name, receipts }) => [name, receipts!.Settings])),
    environment,
  );
  const unsigned = named.filter(({ name, receipts }) => !receipts!.create(settings[name]!).signed);
  if (unsigned.length > 0 && tokens.length === 0) {
    const names = unsigned.map(({ name }) => name).join(', ');
    throw new SettingsError([
      `RECEIPT_TOKENS: is missing; ${names} does not sign its receipts, so its address needs a secret. Example: RECEIPT_TOKENS=$(openssl rand -hex 32)`,
    ]);
  }
  return settings;
}
