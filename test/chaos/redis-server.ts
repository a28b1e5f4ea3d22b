import { connect } from 'node:net';
import { startRedis, type Service } from '../support/services.ts';

/** A Redis of the run's own. */
export class RedisServer {
  private constructor(private readonly service: Service) {}

  static async start(): Promise<RedisServer> {
    return new RedisServer(await startRedis({ keepsData: true }));
  }

  get url(): string {
    return this.service.url;
  }

  /** So that nothing that one row left waits for the next one. */
  forget(): Promise<void> {
    const { port } = new URL(this.url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('FLUSHALL\r\n'));
      socket.once('error', reject);
      socket.once('data', () => {
        socket.destroy();
        resolve();
      });
    });
  }

  /** kill -9. */
  kill(): Promise<void> {
    return this.service.kill();
  }

  /** With its data. */
  restart(): Promise<void> {
    return this.service.restart();
  }

  stop(): Promise<void> {
    return this.service.stop();
  }
}
