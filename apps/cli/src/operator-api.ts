import { readSettings, Setting, type Environment } from '@app/common';
import { IsOptional, Matches } from 'class-validator';
import { CommandFailed } from './command.js';

class ApiSettings {
  @Setting({
    env: 'OTPOST_URL',
    about: 'Where the gateway listens.',
    example: 'https://otpost.internal:3000',
  })
  @Matches(/^https?:\/\//, { message: 'it must begin with http:// or https://' })
  url: string = 'http://127.0.0.1:3000';

  @Setting({
    env: 'OTPOST_API_KEY',
    about: 'An API key with the scope operate.',
    example: 'otp_ops_…',
    secret: true,
    optional: true,
  })
  @IsOptional()
  @Matches(/^\S+$/)
  key?: string;
}

/** The operator's part of the gateway's HTTP API. */
export class OperatorApi {
  private readonly settings: ApiSettings;

  constructor(environment: Environment) {
    this.settings = readSettings({ api: ApiSettings }, environment).api;
  }

  /** @throws CommandFailed with what the gateway says, or that it does not answer. */
  async ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const { url, key } = this.settings;
    const response = await this.fetch(`${url.replace(/\/$/, '')}${path}`, {
      method,
      headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json().catch(() => ({}))) as T & Partial<Refusal>;
    if (!response.ok) throw new CommandFailed(sentenceOf(response.status, answer));
    return answer;
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init);
    } catch (error) {
      const { message, cause } = error as Error & { cause?: Error };
      throw new CommandFailed(
        `The gateway at ${new URL(url).origin} does not answer (${cause?.message || message}): is OTPOST_URL right?`,
      );
    }
  }
}

interface Refusal {
  readonly detail: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

function sentenceOf(status: number, { detail, errors }: Partial<Refusal>): string {
  const members = errors?.map((error) => `\n  ${error.pointer.slice(1)}: ${error.detail}`).join('') ?? '';
  const hint = status === 401 ? ' The key comes from OTPOST_API_KEY.' : '';
  return `${detail ?? `The gateway answers ${status}.`}${hint}${members}`;
}
