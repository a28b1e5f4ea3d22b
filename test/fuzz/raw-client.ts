import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Each request is answered, or its connection closed, within this; the deadline of a machine that is busy with other things. */
export const ANSWER_MS = 2000 * 3;

/**
 * Sends bytes as they are and gives the first answer; undefined where the server closed the connection without one.
 * @throws Error where neither happens in time.
 */
export function send(port: number, bytes: Buffer): Promise<RawAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(`no answer within ${ANSWER_MS} ms to ${JSON.stringify(bytes.toString('latin1').slice(0, 2000))}`),
      );
    }, ANSWER_MS);
    const done = (answer: RawAnswer | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.on('error', () => done(answerIn(Buffer.concat(chunks), true))); // reset while we were still writing
    socket.on('end', () => done(answerIn(Buffer.concat(chunks), true)));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const answer = answerIn(Buffer.concat(chunks));
      if (answer) done(answer);
    });
    socket.end(bytes); // nothing more will come: who waits for it is not told otherwise
  });
}

/** The first whole answer of what has come so far; `ended`: no more of it will come, and it may be one to HEAD. */
function answerIn(bytes: Buffer, ended = false): RawAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.subarray(0, end).toString('latin1');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  if (status === 100) return answerIn(bytes.subarray(end + 4), ended);
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
  const body = bytes.subarray(end + 4);
  if (!ended && body.length < length) return undefined;
  return {
    status,
    type: /^content-type: (\S+?)(;|$)/im.exec(head)?.[1] ?? '',
    body: body.subarray(0, length).toString(),
  };
}
