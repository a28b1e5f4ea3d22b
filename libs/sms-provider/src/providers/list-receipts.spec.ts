import type { ReceiptReader } from '../receipt-reader.js';
import { AliyunReceipts } from './aliyun.provider.js';
import { TencentReceipts } from './tencent.provider.js';

const read = (reader: ReceiptReader, body: string) =>
  reader.read({ url: '/', headers: {}, body: Buffer.from(body), now: new Date() });

/** Companies that tell of several texts at once, unsigned. */
describe.each<[name: string, reader: ReceiptReader, well: object, ill: object, thanks: string]>([
  [
    'Aliyun',
    new AliyunReceipts(),
    { phone_number: '13900000001', biz_id: 'm1', out_id: 'a1', success: true, err_code: 'DELIVERED' },
    { phone_number: '13900000001', biz_id: 'm2', success: false, err_code: 'UNDELIV' },
    '{"code":0,"msg":"接收成功"}',
  ],
  [
    'Tencent Cloud',
    new TencentReceipts(),
    { mobile: '13900000001', sid: 'm1', ext: 'a1', report_status: 'SUCCESS', errmsg: 'DELIVRD' },
    { mobile: '13900000001', sid: 'm2', report_status: 'FAIL', errmsg: 'UNDELIV' },
    '{"result":0,"errmsg":"OK"}',
  ],
])('receipts of %s', (_name, reader, well, ill, thanks) => {
  it('tell of each text, and no number', () => {
    expect(read(reader, JSON.stringify([well, ill]))).toEqual({
      kind: 'receipts',
      receipts: [
        { providerMessageId: 'm1', reference: 'a1', status: 'delivered' },
        { providerMessageId: 'm2', status: 'undelivered', errorCode: 'UNDELIV' },
      ],
    });
    expect(read(reader, '[]')).toEqual({ kind: 'receipts', receipts: [] });
  });

  it.each(['', '{}', 'null', '[null]', '[7]', '[{}]'])('%s is unreadable', (body) => {
    expect(read(reader, body)).toEqual({ kind: 'unreadable' });
  });

  it('are taken where another entry of the list is no receipt', () => {
    expect(read(reader, JSON.stringify([{}, well, null]))).toEqual({
      kind: 'receipts',
      receipts: [{ providerMessageId: 'm1', reference: 'a1', status: 'delivered' }],
      skipped: 2,
    });
  });

  it('are thanked for as the company wants it', () => {
    expect([reader.signed, reader.thanks.status, reader.thanks.body]).toEqual([false, 200, thanks]);
  });
});
