import { smsLength } from './sms-length.ts';

/** As sms-segments-calculator 1.3.0 counts, and where it splits: never within a character. */
it.each([
  ['', 'GSM-7', 0, 1],
  ['A'.repeat(160), 'GSM-7', 160, 1],
  ['A'.repeat(161), 'GSM-7', 161, 2],
  ['€'.repeat(80), 'GSM-7', 160, 1],
  ['€'.repeat(81), 'GSM-7', 162, 2],
  ['€'.repeat(153), 'GSM-7', 306, 3],
  [`${'a'.repeat(152)}€${'b'.repeat(20)}`, 'GSM-7', 174, 2],
  ['ç', 'UCS-2', 1, 1],
  ['Ç', 'GSM-7', 1, 1],
  ['`', 'UCS-2', 1, 1],
  ['中'.repeat(70), 'UCS-2', 70, 1],
  ['中'.repeat(71), 'UCS-2', 71, 2],
  ['😀'.repeat(35), 'UCS-2', 70, 1],
  ['😀'.repeat(36), 'UCS-2', 72, 2],
  ['😀'.repeat(67), 'UCS-2', 134, 3],
  ['【ACME】您的验证码是123456，5分钟内有效，请勿泄露。', 'UCS-2', 31, 1],
])('%s', (text, encoding, length, segments) => {
  expect(smsLength(text)).toEqual({ encoding, length, segments });
});
