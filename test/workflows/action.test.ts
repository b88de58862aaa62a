import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';

const ACTION = join(import.meta.dirname, '../../action/index.mjs');
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server of ours, and the runner's own service of identities, that give this answer to everything. */
async function serverSaying(decision: object): Promise<string> {
  const server = createServer((incoming, response) =>
    response.end(JSON.stringify(incoming.url?.startsWith('/identity') ? { value: 'jwt' } : decision)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

/** The action as the runner starts it. */
async function runAction(decision: object): Promise<{ code: number; log: string; output: string }> {
  const url = await serverSaying(decision);
  const output = join(temporaryFolder('action'), 'output');
  writeFileSync(output, '');
  const child = spawn(process.execPath, [ACTION], {
    env: {
      'INPUT_PULL-REQUEST': '7',
      INPUT_SERVER: url,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/identity?x=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't',
      GITHUB_OUTPUT: output,
    },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
  const code = await new Promise<number>((done) => child.once('exit', (ended) => done(ended ?? -1)));
  return { code, log, output: readFileSync(output, 'utf8') };
}

/** What the runner takes for a command: https://github.com/actions/runner, ActionCommand.cs. */
const commandsIn = (log: string): string[] =>
  log
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line.startsWith('::') || line.includes('##['));

const EVIL = 'x\n::error::forged\r::stop-commands::t\n  ::notice::y\u2028##[error]z %0A';

describe('the action in a runner', () => {
  it('FLOW-6: whatever a decision says, the log holds one command, and the outputs end where they end', async () => {
    const reason = { code: '::warning', msg: EVIL, evidence: { text: 'sluice-decision-end' }, docs: '' };
    const decision = {
      schema: 'sluice.dev/decision/v1',
      id: 'd-1',
      allow: false,
      deny: [{ ...reason, code: 'DECLARATION_INVALID' }, reason],
      warn: [],
      recorded: [],
      waiversUsed: [],
      policy: { revision: 'r', digest: 'd' },
      inputDigest: '',
      evaluatedAt: 0,
      validUntil: 0,
    };
    const { code, log, output } = await runAction(decision);
    expect(code).toBe(1);
    const commands = commandsIn(log);
    expect(commands).toHaveLength(1);
    expect(commands[0]).toMatch(/^::error title=Sluice gate, #7::Denied: x%0A::error::forged%0D/);
    expect(log).toContain('DECLARATION_INVALID: x ::error::forged');
    const outputs = [...output.matchAll(/^(\w+)<<(\S+)\n([^\n]*)\n\2$/gm)].map(([, name, , value]) => [
      name,
      value,
    ]);
    expect(outputs).toEqual([
      ['allow', 'false'],
      ['decision', JSON.stringify(decision)],
    ]);
  });
});
