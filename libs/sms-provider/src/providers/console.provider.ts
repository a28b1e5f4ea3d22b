import { defineProvider } from '../define-provider.js';
import type { OutboundSms, SendOutcome, SmsProvider } from '../sms-provider.js';

/** The console has nothing to set. */
class ConsoleSettings {}

/** Prints what would be texted, code and number in clear: for a developer's own terminal. */
export class ConsoleProvider implements SmsProvider {
  readonly name = 'console';
  readonly capabilities = { guardsDuplicates: false };

  constructor(private readonly output: { write(line: string): unknown } = process.stdout) {}

  supports(): boolean {
    return true;
  }

  async send({ to, rendered, reference }: OutboundSms): Promise<SendOutcome> {
    this.output.write(`Text to ${to}: ${rendered.text}\n`);
    return { kind: 'accepted', providerMessageId: reference };
  }
}

export const consoleProvider = defineProvider({
  name: 'console',
  Settings: ConsoleSettings,
  developmentOnly: true,
  create: () => new ConsoleProvider(),
});
