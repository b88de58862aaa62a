import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../../../src/io/ports.ts';
import { until } from '../../wait.ts';
import { githubDescription } from './github-fake.ts';

export interface Prism {
  readonly address: string;
  /** What Prism said of requests and answers that are not as GitHub describes them. */
  violations(): string[];
  stop(): Promise<void>;
}

/** Prism between the adapter and the fake: both directions are compared with GitHub's own description. */
export async function startPrism(upstream: string): Promise<Prism> {
  const home = mkdtempSync(join(tmpdir(), 'sluice-prism-'));
  const file = join(home, 'github.json');
  writeFileSync(file, JSON.stringify(githubDescription()));
  const port = await freePort();
  const cli = join(
    dirname(createRequire(import.meta.url).resolve('@stoplight/prism-cli/package.json')),
    'dist/index.js',
  );
  const log: string[] = [];
  const child = spawn(
    process.execPath,
    [
      cli,
      'proxy',
      file,
      upstream,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--errors',
      '--verboseLevel',
      'info',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  const said = () => log.join('');
  await until('Prism', 240_000, () => /Prism is listening/.test(said())).catch((error: Error) => {
    throw new Error(`${error.message}; it said:\n${said()}`);
  });
  return {
    address: `http://127.0.0.1:${port}`,
    violations: () =>
      log
        .join('')
        .split('\n')
        .filter((line) => /violat|did not pass|INVALID|UNPROCESSABLE/i.test(line)),
    stop: () =>
      new Promise((done) => {
        child.once('exit', () => {
          rmSync(home, { recursive: true, force: true });
          done();
        });
        child.kill('SIGKILL');
      }),
  };
}
