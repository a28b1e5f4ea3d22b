import { ConsoleProvider, consoleProvider } from './console.provider.ts';

it('prints the text and accepts it', async () => {
  const lines: string[] = [];
  const provider = new ConsoleProvider({ write: (line) => lines.push(line) });

  const outcome = await provider.send({
    reference: 'r1',
    repeated: false,
    ttlSeconds: 300,
    to: '+12025550100',
    template: 'verification-code',
    locale: 'en',
    params: { code: '123456', minutes: '5' },
    rendered: { text: '[Acme] Your code is 123456.', params: [] },
  });

  expect(outcome).toEqual({ kind: 'accepted', providerMessageId: 'r1' });
  expect(lines).toEqual(['Text to +12025550100: [Acme] Your code is 123456.\n']);
});

it('is for development only', () => {
  expect(consoleProvider.developmentOnly).toBe(true);
});
