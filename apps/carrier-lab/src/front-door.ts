import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Loopback only: the lab shows every code to whoever asks. */
export const HOST = '127.0.0.1';
/** A thousand callers may knock at once. */
export const BACKLOG = 4096;

/** The listening socket. */
@Injectable()
export class FrontDoor {
  constructor(private readonly adapter: HttpAdapterHost) {}

  get server(): Server {
    return this.adapter.httpAdapter.getHttpServer() as Server;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
}
