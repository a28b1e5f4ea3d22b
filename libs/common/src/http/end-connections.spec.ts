import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationsModule } from '../operations/operations.module.js';
import { createLogger } from '../telemetry/logger.js';
import { createHttpAdapter } from './create-http-adapter.js';
import { useProblemDetails } from './use-problem-details.js';

@Controller('slow')
class Slow {
  @Get()
  async answer() {
    await sleep(1500);
    return { slow: true };
  }
}
@Module({ controllers: [Slow] })
class SlowModule {}

const logger = createLogger('test', 'silent');

async function started() {
  const module = { module: SlowModule, imports: [OperationsModule.with(logger)] };
  const app = await NestFactory.create<NestFastifyApplication>(module, createHttpAdapter(logger), {
    logger,
    bodyParser: false,
  });
  useProblemDetails(app);
  await app.listen(0, '127.0.0.1');
  const port = Number(new URL(await app.getUrl()).port);
  const opened = async (bytes: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined); // cut off
    await once(socket, 'connect');
    socket.write(bytes);
    return { socket, text: textOf(socket) };
  };
  const secondsToEnd = async () => {
    const begun = performance.now();
    await app.close();
    return (performance.now() - begun) / 1000;
  };
  return { opened, secondsToEnd };
}

const textOf = (socket: Socket) =>
  new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('close', () => resolve(text));
  });

const REQUEST = 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n';

describe('a server that ends', () => {
  it('answers what is under way, and does not wait for connections that nothing ever comes from', async () => {
    const { opened, secondsToEnd } = await started();
    const silent = await Promise.all(Array.from({ length: 20 }, () => opened('')));
    const busy = await opened(REQUEST);
    await sleep(100); // until the request has arrived
    expect(await secondsToEnd()).toBeLessThan(6);
    expect(await busy.text).toMatch(/^HTTP\/1.1 200 [\s\S]*connection: close[\s\S]*"slow":true/i);
    expect(await Promise.all(silent.map(({ text }) => text))).toEqual(silent.map(() => ''));
  });

  it('still serves a request on a connection that was opened just before', async () => {
    const { opened, secondsToEnd } = await started();
    const late = await opened('');
    const end = secondsToEnd();
    await sleep(200);
    late.socket.write(REQUEST);
    await end;
    expect(await late.text).toMatch(/^HTTP\/1.1 200 /);
  });

  it('cuts off half a request after 10 s', async () => {
    const { opened, secondsToEnd } = await started();
    const half = await opened(REQUEST.slice(0, -2));
    await sleep(100);
    const seconds = await secondsToEnd();
    expect(seconds).toBeGreaterThan(9);
    expect(seconds).toBeLessThan(20);
    expect(await half.text).toBe('');
  });
});
