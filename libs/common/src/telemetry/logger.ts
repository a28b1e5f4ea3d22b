import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import { mask } from './mask.js';
import { requestContext } from './request-context.js';

/** JSON lines on standard output, every one masked. What is logged on behalf of a request has its `requestId`. */
export function createLogger(name: string, level: string, destination: DestinationStream = process.stdout): AppLogger {
  const masked: DestinationStream = { write: (line) => destination.write(mask(line)) };
  const options = { name, level, base: { name }, mixin: requestIdField, timestamp: pino.stdTimeFunctions.isoTime };
  return new AppLogger(pino(options, masked));
}

function requestIdField(): object {
  const context = requestContext.getStore();
  return context ? { requestId: context.requestId } : {};
}

/** Nest's logger over pino. Log with an object: `logger.warn({ messageId, attempt }, 'text rejected')`. */
export class AppLogger implements LoggerService {
  constructor(private readonly pino: Pino) {}

  log(message: unknown, ...rest: unknown[]): void {
    // Nest tells its routes and modules at this level on every start: of use only to who develops a module.
    this.write('debug', message, rest);
  }
  info(fields: object, message: string): void {
    this.pino.info(fields, message);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: 'debug' | 'warn' | 'error' | 'fatal', message: unknown, rest: unknown[]): void {
    const text = rest.filter((item): item is string => typeof item === 'string').join(' ');
    if (message instanceof Error) this.pino[level]({ err: message }, text || message.message);
    else if (typeof message === 'object' && message !== null) {
      // Nest hands on the name of the logger behind whatever is logged.
      if ('msg' in message) this.pino[level]({ context: text, ...message });
      else this.pino[level](message, text);
    } else this.pino[level](text ? { context: text } : {}, String(message));
  }
}
