import { readNumber } from './phone-number.js';

describe('S24, S25, S26 a number as people write it', () => {
  it.each([
    ['+8613800138000', undefined, '+8613800138000'],
    ['+86 138-0013-8000', undefined, '+8613800138000'],
    ['13800138000', 'CN', '+8613800138000'],
    ['008613800138000', 'CN', '+8613800138000'],
    ['＋８６１３８００１３８０００', undefined, '+8613800138000'],
    ['+1 (201) 555-0123', 'CN', '+12015550123'],
    ['07400 123456', 'GB', '+447400123456'],
    ['+852 9123 4567', undefined, '+85291234567'],
  ])('%s with region %s is %s', (text, region, to) => {
    expect(readNumber(text, region)).toMatchObject({ kind: 'number', to, unrecognized: false });
  });

  it.each(['+8616012345678', '+8612012345678'])('accepts %s, a range that no list knows yet, and marks it', (to) => {
    expect(readNumber(to)).toMatchObject({ kind: 'number', to, unrecognized: true });
  });

  it.each([
    ['13800138000'],
    ['+86'],
    ['+861380013800012345'],
    ['+999123456789'],
    ['call +8613800138000'],
    ['+8613800138000 ext. 5'],
    ['hello'],
    [''],
  ])('%s is impossible', (text) => {
    expect(readNumber(text)).toEqual({ kind: 'impossible' });
  });

  it.each([
    ['+861065529988', 'fixed_line'],
    ['+868001234567', 'toll_free'],
    ['+18005550123', 'toll_free'],
    ['+19002345678', 'premium_rate'],
    ['+491801234567', 'shared_cost'],
    ['+447640123456', 'pager'],
    ['+445512345678', 'uan'],
  ])('%s gets no text: %s', (text, type) => {
    expect(readNumber(text)).toEqual({ kind: 'unsupported', type });
  });
});
