import { getEventListeners } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { freePort, until } from '../../../test/support/until.ts';
import { networkOutcome, ProviderHttp, retryAfter, type HttpLimits } from './provider-http.ts';

const BODY = JSON.stringify({ to: '13800138000' });
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';

let server: Server;
let sockets: Socket[];
let received: string;
let http: ProviderHttp;

/** A peer that does with each request what the test says, below HTTP. */
async function peer(onRequest: (socket: Socket) => void, limits: Partial<HttpLimits> = {}): Promise<void> {
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    let pending = '';
    socket.on('data', (data) => {
      received += data.toString();
      pending += data.toString();
      if (!pending.endsWith(BODY)) return;
      pending = '';
      onRequest(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  http = new ProviderHttp(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`, limits);
}

const post = (signal: AbortSignal = new AbortController().signal) =>
  http.post('/texts', { 'content-type': 'application/json' }, BODY, signal);

describe('over a real socket', () => {
  beforeEach(() => {
    server = createServer();
    sockets = [];
    received = '';
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await http.close();
    await new Promise((resolve) => server.close(resolve));
  });

  describe('an answer', () => {
    it('comes whole, over connections that are kept for the next request', async () => {
      await peer((socket) => socket.write(OK));

      for (let request = 0; request < 10; request++) {
        expect(await post()).toEqual({ kind: 'answered', status: 200, body: '{}' });
      }

      expect(received).toMatch(/^POST \/api\/texts HTTP\/1\.1\r\n/);
      // A connection is free again one turn of the event loop after its answer.
      expect(sockets.length).toBeLessThanOrEqual(2);
    });

    it('of 500 is an answer too', async () => {
      await peer((socket) => socket.write('HTTP/1.1 500 No\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n'));
      expect(await post()).toEqual({ kind: 'answered', status: 500, body: '', retryAfterMs: 7000 });
    });

    it('that points elsewhere is not followed', async () => {
      await peer((socket) => socket.write('HTTP/1.1 307 There\r\nlocation: /there\r\ncontent-length: 0\r\n\r\n'));
      expect(await post()).toEqual({ kind: 'answered', status: 307, body: '' });
      expect(received.split('POST')).toHaveLength(2);
    });

    it('is read past an interim one', async () => {
      await peer((socket) => socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${OK}`));
      expect(await post()).toMatchObject({ kind: 'answered', status: 200 });
    });

    it('is asked for a thousand times at once over a thousand connections', async () => {
      const held: Socket[] = [];
      await peer((socket) => held.push(socket));
      const answers = Promise.all(Array.from({ length: 1000 }, () => post()));

      await until('a thousand requests held', 10, () => held.length === 1000);
      for (const socket of held) socket.write(OK);

      expect((await answers).every((answer) => answer.kind === 'answered')).toBe(true);
    }, 20_000);
  });

  describe('nothing was written: the text may go elsewhere', () => {
    const notSent = (code: unknown) => ({ kind: 'rejected', class: 'RETRYABLE', scope: 'provider', code });

    it('nobody listens', async () => {
      http = new ProviderHttp(`http://127.0.0.1:${await freePort()}`);
      server.listen(0);
      expect(await post()).toEqual(notSent('ECONNREFUSED'));
    });

    it('no such host', async () => {
      http = new ProviderHttp('http://otpost.invalid');
      server.listen(0);
      expect(await post()).toEqual(notSent(expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/)));
    });

    it('the peer does not speak TLS', async () => {
      await peer(() => undefined);
      server.on('connection', (socket) => socket.write('this is no handshake\r\n'));
      http = new ProviderHttp(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
      expect(await post()).toEqual(notSent(expect.stringMatching(/^(ERR_SSL|EPROTO)/)));
    });

    it('the handshake never ends', async () => {
      await peer(() => undefined);
      const { port } = server.address() as AddressInfo;
      http = new ProviderHttp(`https://127.0.0.1:${port}`, { connectMs: 200 });
      expect(await post()).toEqual(notSent('UND_ERR_CONNECT_TIMEOUT'));
    });

    it('the attempt is ended before it begins, or while it connects, and is then never written', async () => {
      await peer(() => undefined);
      const { port } = server.address() as AddressInfo;
      expect(await post(AbortSignal.abort())).toEqual(notSent('aborted'));

      http = new ProviderHttp(`https://127.0.0.1:${port}`, { connectMs: 300 });
      const abort = new AbortController();
      const answer = post(abort.signal);
      await until('a connection', 5, () => sockets.length === 1);
      abort.abort();

      expect(await answer).toEqual(notSent('aborted'));
      expect(received).not.toContain('POST');
    });
  });

  describe('something was written: the company may have the text', () => {
    it.each<[what: string, code: unknown, onRequest: (socket: Socket) => void, limits?: Partial<HttpLimits>]>([
      ['no answer comes', 'UND_ERR_HEADERS_TIMEOUT', () => undefined, { headersMs: 100 }],
      [
        'the body stays away',
        'UND_ERR_BODY_TIMEOUT',
        (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n'),
        { bodyMs: 100 },
      ],
      ['the peer hangs up', 'UND_ERR_SOCKET', (socket) => socket.end()],
      ['the peer resets', expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/), (socket) => socket.resetAndDestroy()],
      [
        'the answer is cut',
        'UND_ERR_SOCKET',
        (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\n{"statusCode":'),
      ],
      ['the answer is not HTTP', 'HTTPParserError', (socket) => socket.end('what?\r\n\r\n')],
      [
        'the answer is too long',
        'answer-too-large',
        (socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 70000\r\n\r\n${' '.repeat(66_000)}`),
      ],
    ])('%s', async (_what, code, onRequest, limits = {}) => {
      await peer(onRequest, limits);
      expect(await post()).toEqual({ kind: 'unknown', code });
    });

    it('the attempt is ended while the company thinks', async () => {
      await peer(() => undefined);
      const abort = new AbortController();
      const answer = post(abort.signal);
      await until('the request', 5, () => received.includes(BODY));
      abort.abort();

      expect(await answer).toEqual({ kind: 'unknown', code: 'aborted' });
    });

    it('is asked once only', async () => {
      await peer((socket) => socket.end());
      await post();
      expect(received.split('POST')).toHaveLength(2);
    });
  });

  it('leaves nothing on the signal', async () => {
    await peer((socket) => socket.write(OK));
    const { signal } = new AbortController();
    await post(signal);

    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

it.each([
  ['ECONNREFUSED', false, 'rejected'],
  ['ENOTFOUND', false, 'rejected'],
  ['EAI_AGAIN', false, 'rejected'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', false, 'rejected'],
  ['UND_ERR_CONNECT_TIMEOUT', false, 'rejected'],
  ['aborted', false, 'rejected'],
  ['UND_ERR_HEADERS_TIMEOUT', true, 'unknown'],
  ['UND_ERR_BODY_TIMEOUT', true, 'unknown'],
  ['UND_ERR_SOCKET', true, 'unknown'],
  ['ECONNRESET', true, 'unknown'],
  ['HPE_INVALID_CONSTANT', true, 'unknown'],
  ['aborted', true, 'unknown'],
])('%s with something written: %s is %s', (code, written, kind) => {
  expect(networkOutcome(code, written)).toMatchObject({ kind, code });
});

it.each([
  ['7', 7000],
  ['Wed, 21 Oct 2015 07:28:10 GMT', 10_000],
  ['Wed, 21 Oct 2015 07:27:00 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
])('Retry-After: %s is %s ms', (header, ms) => {
  expect(retryAfter(header, Date.parse('Wed, 21 Oct 2015 07:28:00 GMT')).retryAfterMs).toBe(ms);
});
