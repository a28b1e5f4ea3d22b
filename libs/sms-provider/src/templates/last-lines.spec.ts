import { readFileSync } from 'node:fs';
import { appHash } from './sms-retriever.ts';
import { readOriginBoundCode, webOtpLine, type OriginBoundCode } from './web-otp.ts';

/** Examples of the WICG specification and of Google's pages, and some computed. */
interface TextVectors {
  webotp: { name: string; cases: { message: string; expected: OriginBoundCode | null }[] }[];
  smsRetriever: {
    name: string;
    inputs?: { packageName: string; certificateHexLower_DUMMY: string };
    expected?: { hash: string };
  }[];
}
const vectors = JSON.parse(readFileSync(new URL('./text-vectors.json', import.meta.url), 'utf8')) as TextVectors;

describe('a browser reads', () => {
  it.each(vectors.webotp.flatMap(({ cases }) => cases))('$message', ({ message, expected }) => {
    expect(readOriginBoundCode(message)).toEqual(expected);
  });

  it('what we write', () => {
    const text = `Your code is 123456.\n\n${webOtpLine('login.example.com', '123456')}`;
    expect(readOriginBoundCode(text)).toEqual({ host: 'login.example.com', code: '123456', embedded: null });
  });
});

it('an Android app is known by its hash', () => {
  const { inputs, expected } = vectors.smsRetriever.find((vector) => vector.inputs)!;
  const certificate = Buffer.from(inputs!.certificateHexLower_DUMMY, 'hex');
  expect(appHash(inputs!.packageName, certificate)).toBe(expected!.hash);
});
