import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolPath } from '../scripts/tools.mjs';
import { wasmPolicy } from '../src/governance/adapters/opa-wasm/policy.ts';

/** How long the gate takes, beside what any answer of a new process takes: medians of runs in turn. */
const ROOT = join(import.meta.dirname, '..');
const RUNS = 9;
const SAMPLE = join(ROOT, 'policy/samples/budget.denied.json');

const seconds = (program: string, args: readonly string[]): number => {
  const begun = performance.now();
  try {
    execFileSync(program, args, { stdio: 'ignore', cwd: ROOT });
  } catch {
    // A denial is exit 1.
  }
  return (performance.now() - begun) / 1_000;
};
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

export interface GateSpeed {
  /** A whole `sluice gate --input`. */
  readonly gate: number;
  /** A process of the same runtime that does nothing. */
  readonly nothing: number;
  /** `opa eval` over the same modules and facts; null where OPA is not built. */
  readonly opa: number | null;
  /** One decision within a server that has loaded the policy. */
  readonly decision: number;
}

export async function gateSpeed(): Promise<GateSpeed> {
  const opa = existsSync(toolPath('opa')) ? toolPath('opa') : null;
  const commands = {
    gate: [process.execPath, [join(ROOT, 'src/main.ts'), 'gate', '--input', SAMPLE, '--json']],
    nothing: [process.execPath, ['-e', '0']],
    ...(opa
      ? {
          opa: [
            opa,
            ['eval', '--data', join(ROOT, 'policy/sluice'), '--input', SAMPLE, 'data.sluice.gate.decision'],
          ],
        }
      : {}),
  } as const satisfies Record<string, readonly [string, readonly string[]]>;
  const times: Record<string, number[]> = {};
  for (let run = 0; run < RUNS; run++)
    for (const [name, [program, args]] of Object.entries(commands)) {
      times[name] ??= [];
      times[name].push(seconds(program, args));
    }
  const policy = wasmPolicy({ directory: join(ROOT, 'policy') });
  const facts = JSON.parse(readFileSync(SAMPLE, 'utf8')) as object;
  await policy.gate(facts);
  const within: number[] = [];
  for (let i = 0; i < 200; i++) {
    const begun = performance.now();
    await policy.gate(facts);
    within.push((performance.now() - begun) / 1_000);
  }
  return {
    gate: median(times['gate']!),
    nothing: median(times['nothing']!),
    opa: times['opa'] ? median(times['opa']) : null,
    decision: median(within),
  };
}
