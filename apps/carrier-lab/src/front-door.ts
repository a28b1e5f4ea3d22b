import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';

/** Loopback only: the lab shows every code to whoever asks. */
export const HOST = '127.0.0.1';
/** A thousand callers may knock at once. */
export const BACKLOG = 4096;

/** The listening socket, which a fault can close for a while. */
@Injectable()
export class FrontDoor implements OnModuleInit, OnModuleDestroy {
  private reopening?: NodeJS.Timeout;

  constructor(private readonly adapter: HttpAdapterHost<FastifyAdapter>) {}

  /** While the door is shut a kept-alive connection would be a way round it. */
  onModuleInit(): void {
    this.adapter.httpAdapter.getInstance().addHook('onSend', async (_request, reply) => {
      if (this.reopening) void reply.header('connection', 'close');
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Closes the socket and every idle connection; requests in flight are still answered. Opens again on the same port. */
  refuse(seconds: number): void {
    if (this.reopening) return;
    const { port } = this;
    this.server.close();
    this.reopenIn(seconds * 1000, port);
  }

  onModuleDestroy(): void {
    clearTimeout(this.reopening);
  }

  /** The timer keeps the process: nothing else may, while nobody listens. */
  private reopenIn(ms: number, port: number): void {
    this.reopening = setTimeout(() => {
      const again = () => this.reopenIn(100, port);
      this.server.once('error', again);
      this.server.listen({ port, host: HOST, backlog: BACKLOG }, () => {
        this.server.off('error', again);
        this.reopening = undefined;
      });
    }, ms);
  }

  private get server() {
    return this.adapter.httpAdapter.getHttpServer();
  }
}
