#!/usr/bin/env node
// Builds policy/sluice.wasm from policy/sluice/*.rego with OPA, and says which modules it was built of.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolPath } from './tools.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'policy', 'sluice');
const hex = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The modules that make the policy, without its tests. */
export const moduleFiles = () =>
  readdirSync(sources)
    .filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'))
    .sort();

/** `sluice.json`, as src/governance/modules.ts reckons it. */
export function manifestOf(wasm) {
  const texts = moduleFiles().map((name) => readFileSync(join(sources, name), 'utf8'));
  const digest = `sha256:${hex(texts.sort().join('\u0000'))}`;
  return { revision: digest.slice(7, 19), digest, wasm: `sha256:${hex(wasm)}` };
}

/** The compiled policy: the same modules always give the same bytes. */
export function buildWasm(opa) {
  const work = mkdtempSync(join(tmpdir(), 'sluice-policy-'));
  try {
    mkdirSync(join(work, 'sluice'));
    for (const name of moduleFiles()) cpSync(join(sources, name), join(work, 'sluice', name));
    const run = (program, args) => {
      const done = spawnSync(program, args, { cwd: work, encoding: 'utf8' });
      if (done.status !== 0) throw new Error(`${program} ${args[0]}: ${done.stderr}${done.stdout}`);
    };
    run(opa, ['build', '-t', 'wasm', '-e', 'sluice/gate/decision', 'sluice', '-o', 'bundle.tar.gz']);
    run('tar', ['xzf', 'bundle.tar.gz', '/policy.wasm']);
    return readFileSync(join(work, 'policy.wasm'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1]?.endsWith('policy.mjs')) {
  const opa = toolPath('opa');
  if (!existsSync(opa)) {
    process.stderr.write('OPA is not built. Next: npm run tools\n');
    process.exit(3);
  }
  const wasm = buildWasm(opa);
  writeFileSync(join(root, 'policy', 'sluice.wasm'), wasm);
  writeFileSync(join(root, 'policy', 'sluice.json'), `${JSON.stringify(manifestOf(wasm), null, 2)}\n`);
  process.stdout.write(`policy/sluice.wasm: ${wasm.length} bytes, revision ${manifestOf(wasm).revision}\n`);
}
