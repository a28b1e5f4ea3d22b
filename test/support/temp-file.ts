import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'otpost-files-'));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

/** A file that goes when the tests of its spec have ended. */
export function tempFile(text: string): { readonly path: string; write(text: string): void } {
  const path = join(folder, String(count++));
  const write = (content: string) => writeFileSync(path, content);
  write(text);
  return { path, write };
}
