import { randomBytes, randomUUID } from 'node:crypto';
import { deflateSync, gzipSync } from 'node:zlib';
import type { Options } from 'amqplib';

/** A message that nobody should publish, and how the reason begins with which it is parked. */
export interface BadMessage {
  readonly what: string;
  readonly body: Buffer | string;
  readonly options?: Options.Publish;
  readonly reason: string;
}

const GOOD = {
  to: '+8613912345678',
  template: 'verification-code',
  locale: 'zh-CN',
  params: { code: '123456', minutes: '5' },
};

/** A legal event, but for what is said. */
const event = (more: object = {}): Record<string, unknown> => ({
  messageId: randomUUID(),
  ...GOOD,
  expiresAt: new Date(Date.now() + 300_000).toISOString(),
  ...more,
});
const packet = (data: unknown, more: object = {}) => JSON.stringify({ pattern: 'sms.send', data, ...more });
const without = (name: string) => {
  const { [name]: _, ...rest } = event();
  return rest;
};
const text = (what: string, body: Buffer | string, reason: string, options: Options.Publish = {}): BadMessage => ({
  what,
  body,
  reason,
  options,
});
const field = (what: string, more: object, reason: string): BadMessage => text(what, packet(event(more)), reason);

const notJson: readonly BadMessage[] = [
  text('nothing at all', '', 'not-json'),
  text('half a packet', '{"pattern":"sms.send","data":{', 'not-json'),
  text('a word', 'hello', 'not-json'),
  text('None as Python writes it', '{"pattern": "sms.send", "data": None}', 'not-json'),
  text('NaN', '{"pattern":"sms.send","data":{"messageId":NaN}}', 'not-json'),
  text('single quotes', "{'pattern':'sms.send'}", 'not-json'),
  text('XML', '<sms><to>13912345678</to></sms>', 'not-json'),
  text('two documents', `${packet(event())}${packet(event())}`, 'not-json'),
  text('a byte order mark', `\u{feff}${packet(event())}x`, 'not-json'),
  text('a comment', `/* send */ ${packet(event())}`, 'not-json'),
  text('a trailing comma', '{"pattern":"sms.send",}', 'not-json'),
  text('a form', 'to=13912345678&code=123456', 'not-json'),
];

const notText: readonly BadMessage[] = [
  text('invalid UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'not-utf8'),
  text('a pickle', Buffer.from('8004950a000000000000007d9428', 'hex'), 'not-utf8', {
    contentType: 'application/x-python-serialize',
  }),
  text('gzip', gzipSync(packet(event())), 'not-utf8', { contentEncoding: 'gzip' }),
  text('zlib', deflateSync(packet(event())), 'not-utf8', { headers: { compression: 'application/x-gzip' } }),
  text('a compression bomb', gzipSync(Buffer.alloc(10_000_000)), 'not-utf8', { contentEncoding: 'gzip' }),
  text('UTF-16', Buffer.from(`\u{feff}${packet(event())}`, 'utf16le'), 'not-utf8'),
  text('Latin-1', Buffer.from('{"pattern":"sms.send","data":"é"}', 'latin1'), 'not-utf8'),
  text('random bytes', Buffer.concat([Buffer.from([0xff]), randomBytes(100)]), 'not-utf8'),
  text('a lone surrogate', Buffer.from([0xed, 0xa0, 0x80]), 'not-utf8'),
];

const notAnObject: readonly BadMessage[] = [
  text('null', 'null', 'not-an-object'),
  text('a number', '42', 'not-an-object'),
  text('a string', '"sms.send"', 'not-an-object'),
  text('a list', `[${packet(event())}]`, 'not-an-object'),
  text('a Celery body', '[["13912345678", "123456"], {}, {"callbacks": null}]', 'not-an-object', {
    headers: { task: 'send_sms' },
  }),
  text('true', 'true', 'not-an-object'),
  text('deep lists', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'too-deep'),
];

const tooLarge: readonly BadMessage[] = [
  text('a string of 1 MB', packet(event({ locale: 'x'.repeat(1_000_000) })), 'too-large'),
  text('a million zeros', '0'.repeat(1_000_000), 'too-large'),
  text('deep objects', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, 'too-large'),
];

const tooDeep: readonly BadMessage[] = [
  text('data 4000 levels deep', packet(JSON.parse(`${'{"a":'.repeat(4000)}1${'}'.repeat(4000)}`)), 'too-deep'),
  field(
    'params 4000 levels deep',
    { params: JSON.parse(`${'['.repeat(4000)}${']'.repeat(4000)}`) as unknown },
    'too-deep',
  ),
];

const otherPattern: readonly BadMessage[] = [
  text('an unknown pattern', JSON.stringify({ pattern: 'sms.shout', data: event() }), 'unknown-pattern'),
  text('an outcome', JSON.stringify({ pattern: 'sms.accepted', data: event() }), 'unknown-pattern'),
  text('a wildcard', JSON.stringify({ pattern: 'sms.*', data: event() }), 'unknown-pattern'),
  text('a pattern of a prototype', JSON.stringify({ pattern: '__proto__', data: event() }), 'unknown-pattern'),
  text('a pattern called constructor', JSON.stringify({ pattern: 'constructor', data: event() }), 'unknown-pattern'),
  text('an empty pattern', JSON.stringify({ pattern: '', data: event() }), 'unknown-pattern'),
  text(
    'a CloudEvent of another type',
    JSON.stringify({ specversion: '1.0', type: 'com.example.x', data: event() }),
    'unknown-pattern',
  ),
  text('a type that says something else', JSON.stringify(event()), 'unknown-pattern', { type: 'user.registered' }),
];

const wrongShape: readonly BadMessage[] = [
  ...['messageId', 'to', 'template', 'locale', 'params', 'expiresAt'].map((name) =>
    text(`no ${name}`, packet(without(name)), `schema: ${name}`),
  ),
  text('data that are null', packet(null), 'schema: '),
  text('data that are a list', packet([]), 'schema: '),
  text('data that are a string', packet('send it'), 'schema: '),
  text('data with nothing in them', packet({}), 'schema: messageId'),
  text('bare JSON with nothing in it', '{}', 'schema: messageId'),
  text(
    'a pattern that is an object',
    JSON.stringify({ pattern: { cmd: 'sms.send' }, data: event() }),
    'schema: messageId',
  ),
  field('a messageId that is a number', { messageId: 7 }, 'schema: messageId'),
  field('a messageId with a path in it', { messageId: '../../etc/passwd' }, 'schema: messageId'),
  field('a verificationId of a megabyte', { verificationId: 'v'.repeat(1000) }, 'schema: verificationId'),
  field('a number without a plus sign', { to: '13912345678' }, 'schema: to'),
  field('a number with a letter', { to: '+86139abc' }, 'schema: to'),
  field('a list of numbers', { to: ['+8613912345678'] }, 'schema: to'),
  field('a number that is a number', { to: 8613912345678 }, 'schema: to'),
  field('two numbers', { to: '+8613912345678,+8613912345679' }, 'schema: to'),
  field('a template that nobody has', { template: 'lottery' }, 'schema: template'),
  field('a template of a prototype', { template: '__proto__' }, 'schema: template'),
  field('a locale that is a program', { locale: '${jndi:ldap://x}' }, 'schema: locale'),
  field('params that are a string', { params: 'code=123456' }, 'schema: params'),
  field('params that are a list', { params: ['123456', '5'] }, 'schema: params'),
  field('params that are null', { params: null }, 'schema: params'),
  field('a code of letters', { params: { code: 'abcdef', minutes: '5' } }, 'schema: params.code'),
  field('a code that is a number', { params: { code: 123456, minutes: '5' } }, 'schema: params.code'),
  field('a code with a link', { params: { code: '123456 http://x.example', minutes: '5' } }, 'schema: params.code'),
  field('minutes that are many', { params: { code: '123456', minutes: '5000' } }, 'schema: params.minutes'),
  field('no minutes', { params: { code: '123456' } }, 'schema: params.minutes'),
  field('a time that is none', { expiresAt: 'tomorrow' }, 'schema: expiresAt'),
  field('a time in seconds', { expiresAt: 1_900_000_000 }, 'schema: expiresAt'),
  text(
    'a prototype in the data',
    '{"pattern":"sms.send","data":{"__proto__":{"to":"+8613912345678"}}}',
    'schema: messageId',
  ),
  text('headers that are null', packet({}), 'schema: messageId', { headers: { 'x-attempt': null, traceparent: null } }),
  text('an attempt of a million', packet({}), 'schema: messageId', { headers: { 'x-attempt': 1_000_000_000 } }),
  text('an attempt below zero', packet({}), 'schema: messageId', {
    headers: { 'x-attempt': -5, 'x-deferrals': 'many' },
  }),
];

const unsealable: readonly BadMessage[] = [
  field('a number sealed with another key', { to: `sealed:v1:k9:${'A'.repeat(60)}` }, 'unsealable: no sealing key'),
  field(
    'a number sealed for another message',
    { to: `sealed:v1:k1:${'A'.repeat(60)}` },
    'unsealable: to does not open',
  ),
  field(
    'a code sealed for another receiver',
    { params: { code: `sealed:v1:k1:${'B'.repeat(60)}`, minutes: '5' } },
    'unsealable: code does not open',
  ),
  field('a sealed value of another version', { to: `sealed:v2:k1:${'A'.repeat(60)}` }, 'schema: to'),
  field('a sealed value with nothing in it', { to: 'sealed:v1:k1:' }, 'schema: to'),
];

export const POISON: readonly BadMessage[] = [
  ...notJson,
  ...notText,
  ...notAnObject,
  ...tooLarge,
  ...tooDeep,
  ...otherPattern,
  ...wrongShape,
  ...unsealable,
];
