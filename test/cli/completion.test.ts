import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';
import { patiently } from '../wait.ts';
import { runCli } from './run.ts';
import { listening } from './served.ts';

const ROOT = join(import.meta.dirname, '../..');
const LANES = [
  { service: 'cart', environment: 'prod', slos: [{ slo: 'cart-availability' }] },
  { service: 'checkout', environment: 'prod', slos: [{ slo: 'checkout-latency' }] },
  { service: 'checkout', environment: 'staging', slos: [] },
];

let server: Awaited<ReturnType<typeof listening>>;
beforeAll(async () => {
  server = await listening();
  server.server.on('request', (_, response) =>
    response.end(JSON.stringify({ schema: 'sluice.dev/overview/v1', lanes: LANES })),
  );
});
afterAll(() => server.close());

/** A user's configuration with a current context at the server. */
function configured(): string {
  const config = temporaryFolder('completion');
  mkdirSync(join(config, 'sluice'));
  const contexts = { current: 'prod', contexts: [{ name: 'prod', server: server.url }] };
  writeFileSync(join(config, 'sluice/contexts.json'), JSON.stringify(contexts), { mode: 0o600 });
  return config;
}

/** However busy the machine is. */
const PATIENT = { SLUICE_COMPLETION_MS: String(patiently(1_500)) };

/** What could follow a line, the last word of which is being typed. */
async function after(line: string, env: Record<string, string> = { XDG_CONFIG_HOME: configured() }) {
  const words = line.split(' ').map((word) => `=${word}`);
  const { exit, out, err } = await runCli(['completion', 'candidates', ...words], {
    env: { ...PATIENT, ...env },
    cwd: temporaryFolder('completion'),
  });
  expect([exit, err]).toEqual([0, '']);
  return out
    .split('\n')
    .filter(Boolean)
    .map((one) => one.split('\t')[0]!);
}

describe('what could be typed next', () => {
  it.each([
    ['rel', ['release']],
    ['release ab', ['abort']],
    ['release abort ', ['cart', 'checkout']],
    ['release abort c', ['cart', 'checkout']],
    ['release abort checkout ', ['prod', 'staging']],
    ['release abort --reason', ['--reason']],
    ['release abort --reason why cart ', ['prod']],
    ['budget exclude ', ['cart-availability', 'checkout-latency']],
    ['freeze on checkout/', ['checkout/prod', 'checkout/staging']],
    ['context use ', ['prod']],
    ['status --context ', ['prod']],
    ['judge --edition ', ['1', '2']],
    ['init --example ', ['shop']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['no-such-command ', []],
    ['release abort cart prod ', []],
    ['validate ', []],
  ] as const)('CLI-51: after "sluice %s"', async (line, words) => expect(await after(line)).toEqual(words));

  it('CLI-51: options are offered with what they are, and those of every command', async () => {
    expect(await after('status --')).toEqual(
      expect.arrayContaining(['--watch', '--pipeline', '--server', '--context', '--json', '--help']),
    );
    const { out } = await runCli(['completion', 'candidates', '=']);
    expect(out).toContain('status\tShow what runs where');
  });

  it('CLI-51: where no server answers nothing is offered, and nothing said', async () => {
    expect(await after('release abort ', {})).toEqual([]);
    expect(await after('release abort ', { SLUICE_SERVER: 'http://127.0.0.1:9' })).toEqual([]);
    expect(await after('release abort ', { SLUICE_SERVER: 'nowhere' })).toEqual([]);
  });
});

/** A folder in which `sluice` is this program. */
function withCommand(): string {
  const bin = temporaryFolder('bin');
  writeFileSync(join(bin, 'sluice'), `#!/bin/sh\nexec "${process.execPath}" "${ROOT}/src/main.ts" "$@"\n`, {
    mode: 0o755,
  });
  return bin;
}

const environment = () => ({
  PATH: `${withCommand()}${delimiter}${process.env['PATH']}`,
  ...PATIENT,
  XDG_CONFIG_HOME: configured(),
  HOME: temporaryFolder('home'),
});

describe('the scripts of shells', () => {
  it('CLI-51: bash sources it and completes commands, names and options', async () => {
    const ask = (words: readonly string[]) =>
      `COMP_WORDS=(${words.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _sluice; echo "\${COMPREPLY[@]}"`;
    const script = [
      'set -eu',
      'source <(sluice completion bash)',
      'complete -p sluice',
      ask(['sluice', 'rel']),
      ask(['sluice', 'release', 'abort', 'che']),
      ask(['sluice', 'status', '--wat']),
      ask(['sluice', 'context', 'use', '']),
    ].join('\n');
    const { stdout } = await execa('bash', ['--norc', '-c', script], {
      env: environment(),
      extendEnv: false,
    });
    expect(stdout.split('\n')).toEqual([
      'complete -o default -F _sluice sluice',
      'release',
      'checkout',
      '--watch',
      'prod',
    ]);
  });

  it('CLI-51: fish completes commands and names', async () => {
    const script =
      'sluice completion fish | source; complete -C "sluice release abort che"; complete -C "sluice rel"';
    const { stdout } = await execa('fish', ['--no-config', '-c', script], {
      env: environment(),
      extendEnv: false,
    });
    expect(stdout).toContain('checkout');
    expect(stdout).toMatch(/release\tControl a release/);
  });

  it('CLI-51: zsh reads the script and asks with the words of the line', async () => {
    const script = [
      'autoload -Uz compinit; compinit -u',
      'source <(sluice completion zsh)',
      // What is described is shown as it is handed over.
      '_describe() { print -l -- $described; }',
      'words=(sluice release abort che); CURRENT=4; _sluice',
    ].join('\n');
    const { stdout } = await execa('zsh', ['-f', '-c', script], { env: environment(), extendEnv: false });
    expect(stdout).toContain('checkout');
  });

  it.each(['bash', 'zsh', 'fish'])(
    'CLI-51: the script of %s asks the program itself, word by word',
    async (shell) => {
      const { exit, out } = await runCli(['completion', shell]);
      expect(exit).toBe(0);
      expect(out).toMatch(/completion candidates .*=/);
      expect(out).toContain('sluice');
    },
  );
});
