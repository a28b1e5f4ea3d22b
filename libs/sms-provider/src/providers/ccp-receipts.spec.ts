import { CcpReceipts } from './ccp.provider.js';

const reader = new CcpReceipts();
const read = (body: string) => reader.read({ url: '/', headers: {}, body: Buffer.from(body), now: new Date() });
/** As the company's documentation is copied: https://www.cnblogs.com/tyjs09/p/15684378.html */
const SAMPLE = {
  action: 'SMSArrived',
  smsType: '1',
  apiVersion: '2013-12-26',
  content: 'ff8080813c9f1a2b013ca0',
  fromNum: '13912345678',
  dateSent: '20130923010000',
  deliverCode: 'DELIVRD',
  recvTime: '20130923010010',
  status: '0',
  reqId: '123',
  smsCount: '2',
};
const json = (more: object = {}) => JSON.stringify({ Request: { ...SAMPLE, ...more } });
const xml = (more: object = {}) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Request>\n${Object.entries({ ...SAMPLE, ...more })
    .map(([name, value]) => `  <${name}>${value}</${name}>\n`)
    .join('')}</Request>`;

describe.each([
  ['JSON', json],
  ['XML', xml],
])('a receipt of CCP in %s', (_form, write) => {
  const delivered = { providerMessageId: SAMPLE.content, reference: '123', status: 'delivered' };

  it('tells that a text was delivered', () => {
    expect(read(write())).toEqual({ kind: 'receipts', receipts: [delivered] });
  });

  it('tells that it was not, and why', () => {
    expect(read(write({ status: '1', deliverCode: 'UNDELIV' }))).toEqual({
      kind: 'receipts',
      receipts: [{ ...delivered, status: 'undelivered', errorCode: 'UNDELIV' }],
    });
  });

  it('a text from a user is no receipt', () => {
    expect(read(write({ smsType: '0', content: 'TD' }))).toEqual({ kind: 'receipts', receipts: [] });
  });

  it.each([{ action: 'CallAuth' }, { content: '' }, { content: 'a b' }, { content: 'x'.repeat(129) }])(
    '%j is unreadable',
    (more) => expect(read(write(more))).toEqual({ kind: 'unreadable' }),
  );
});

it.each(['', 'null', '[]', '{"Request":7}', '{"Request":null}', '<Request>', '\u0000\u0001'])(
  '%j is unreadable',
  (body) => expect(read(body)).toEqual({ kind: 'unreadable' }),
);

it('the company hears what its documentation says', () => {
  expect(reader.thanks).toMatchObject({
    status: 200,
    body: expect.stringContaining('<statuscode>000000</statuscode>'),
  });
});
