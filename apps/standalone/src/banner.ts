import type { Standalone } from './create-standalone.js';

/** What the terminal shows once everything runs: where it is, what to type, and what it is not. */
export function banner({ gatewayUrl, workerUrl, labUrl, broker, storesInMemory }: Standalone): string {
  const notDurable = [
    ...(broker ? ['the broker'] : []),
    ...(storesInMemory ? ['verifications, limits and the ledger'] : []),
  ];
  const warning =
    notDurable.length > 0 ? [`NOT DURABLE: ${notDurable.join(', and ')} live in this process`, 'and end with it.'] : [];
  return `
${box(['Otpost runs for development. No text leaves this machine.', ...warning])}

  gateway      ${gatewayUrl}/v1/verifications
  inbox        ${labUrl}/inbox
  worker       ${workerUrl}/metrics
  broker       ${broker ? `127.0.0.1:${broker.port} (embedded)` : 'the one of RABBITMQ_URL'}

Ask for a code:

  ID=$(curl -s ${gatewayUrl}/v1/verifications -H 'content-type: application/json' -d '{"to":"13800138000"}' | tee /dev/stderr | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')

Read the text, then check its code:

  CODE=$(curl -s '${labUrl}/inbox/wait?to=13800138000' | tee /dev/stderr | sed 's/.*"code":"\\([^"]*\\)".*/\\1/')
  curl -s ${gatewayUrl}/v1/verifications/$ID/checks -H 'content-type: application/json' -d '{"code":"'$CODE'"}'

Ctrl-C ends everything.
`;
}

function box(lines: readonly string[]): string {
  const width = Math.max(...lines.map((line) => line.length));
  const edge = `+${'-'.repeat(width + 2)}+`;
  return [edge, ...lines.map((line) => `| ${line.padEnd(width)} |`), edge].join('\n');
}
