import { frame, RawClient } from '../broker/raw-client.ts';

const HEADER = 2;
const BODY = 3;
const BASIC = 60;
const HAS_MESSAGE_ID = 1 << 7;

export interface RawMessage {
  readonly exchange: string;
  readonly routingKey: string;
  /** At most 255 bytes, of whatever kind. */
  readonly messageId: Buffer;
  readonly body: string;
}

/** Publishes what no client library would write. */
export async function publishRaw(url: string, { exchange, routingKey, messageId, body }: RawMessage): Promise<void> {
  const client = await (await RawClient.open(url)).openChannel();
  const content = Buffer.from(body);
  const header = Buffer.alloc(15);
  header.writeUInt16BE(BASIC, 0);
  header.writeBigUInt64BE(BigInt(content.length), 4);
  header.writeUInt16BE(HAS_MESSAGE_ID, 12);
  header.writeUInt8(messageId.length, 14);
  client.send(1, 'basic.publish', { exchange, routingKey, mandatory: false, immediate: false });
  client.write(frame(HEADER, 1, Buffer.concat([header, messageId])));
  client.write(frame(BODY, 1, content));
  client.send(1, 'channel.close', { replyCode: 200, replyText: '', classId: 0, methodId: 0 });
  await client.method('channel.close-ok');
  client.destroy();
}
