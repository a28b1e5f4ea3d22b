import { keepSecret, mask, maskNumber } from './mask.js';

describe('masking by value', () => {
  it.each([
    ['+8613800138000', '+86138****8000'],
    ['+85291234567', '+85291****4567'],
    ['+14155552671', '+14155****2671'],
    ['+1234567', '+1****67'],
  ])('%s → %s', (number, masked) => expect(maskNumber(number)).toBe(masked));

  it.each([
    ['{"msg":"to +8613800138000 failed"}', '{"msg":"to +86138****8000 failed"}'],
    ['{"msg":"13800138000"}', '{"msg":"13800****8000"}'],
    ['{"a":"8613800138000","b":"008613800138000"}', '{"a":"861380****8000","b":"008613****8000"}'],
    ['{"url":"amqp://user:p%40ss@broker:5672/v"}', '{"url":"amqp://***@broker:5672/v"}'],
    ['{"url":"redis://:pass@cache:6379"}', '{"url":"redis://***@cache:6379"}'],
  ])('%s', (line, masked) => expect(mask(line)).toBe(masked));

  it.each([
    '{"time":"2026-11-24T08:00:00.000Z","pid":1380013}',
    '{"at":1764000000000}',
    '{"id":"vrf_2f019aab13800138000123aa"}',
    '{"seconds":13800138000.5}',
  ])('leaves alone what is no number of a person: %s', (line) => expect(mask(line)).toBe(line));

  it('masks every secret it was told of, each part of a list too', () => {
    keepSecret('k1:firstsecretkey,k2:secondsecretkey');

    expect(mask('uses k2:secondsecretkey now')).toBe('uses *** now');
  });

  it('masks a secret that is escaped in the line, and a URL whose password holds an @', () => {
    keepSecret('pass"word\\one');
    keepSecret('amqp://user:pa@ssw0rd-tail@broker');

    expect(mask(JSON.stringify({ error: 'bad pass"word\\one here' }))).toBe('{"error":"bad *** here"}');
    expect(mask('{"url":"amqp://user:pa@ssw0rd-tail@broker"}')).toBe('{"url":"***"}');
  });
});
