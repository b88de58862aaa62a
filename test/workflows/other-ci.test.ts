import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { wholeCommandLine } from '../../scripts/site/commands.ts';
import type { BudgetView } from '../../src/api/budgets.ts';
import type { FreezeView } from '../../src/api/governance.ts';
import { read } from '../docs/pages.ts';
import { shell } from '../docs/snippets.ts';
import { temporaryFolder } from '../folder.ts';

const SCRIPT = join(import.meta.dirname, '../../action/ci/gate.sh');
type Freeze = Pick<FreezeView, 'state' | 'scope' | 'scopeText' | 'reason'>;
type Budget = Pick<BudgetView, 'service' | 'environment' | 'slo' | 'left'>;

const FREEZE: Freeze = {
  state: 'stands',
  scope: { service: '*', environment: 'prod' },
  scopeText: 'prod',
  reason: 'year end',
};
const BUDGET: Budget = { service: 'checkout', environment: 'prod', slo: 'checkout-availability', left: 0.4 };

/** Runs the script with a `sluice` that answers so; null: that does not answer. */
function gate(freezes: readonly Freeze[] | null, budgets: readonly Budget[]) {
  const bin = temporaryFolder('bin');
  const answer = (document: object) => `printf '%s' '${JSON.stringify(document)}'`;
  const cases = [
    freezes === null ? 'freeze) exit 3 ;;' : `freeze) ${answer({ freezes })} ;;`,
    `budget) ${answer({ budgets })} ;;`,
  ];
  writeFileSync(join(bin, 'sluice'), `#!/bin/sh\ncase $1 in\n${cases.join('\n')}\nesac\n`);
  chmodSync(join(bin, 'sluice'), 0o755);
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
  const { status, stdout } = spawnSync('sh', [SCRIPT, 'checkout', 'prod'], { encoding: 'utf8', env });
  return { status, stdout };
}

describe('the gate of other CI systems', () => {
  it.each<[string, readonly Freeze[] | null, readonly Budget[], number, string]>([
    ['a budget that remains', [], [BUDGET], 0, 'checkout may be released to prod\n'],
    ['an active freeze', [FREEZE], [BUDGET], 1, 'FROZEN prod: year end\n'],
    [
      'a freeze that ended',
      [{ ...FREEZE, state: 'over' }],
      [BUDGET],
      0,
      'checkout may be released to prod\n',
    ],
    [
      'a freeze of another service',
      [{ ...FREEZE, scope: { service: 'cart', environment: 'prod' } }],
      [BUDGET],
      0,
      'checkout may be released to prod\n',
    ],
    [
      'a spent budget',
      [],
      [{ ...BUDGET, left: -2.057 }],
      1,
      'BUDGET_EXHAUSTED checkout-availability: overspent by 205.7%\n',
    ],
    [
      'a budget without data',
      [],
      [{ ...BUDGET, left: null }],
      1,
      'BUDGET_UNKNOWN checkout-availability: no data\n',
    ],
    ['no SLO', [], [], 1, 'BUDGET_UNKNOWN no SLO of checkout in prod is declared\n'],
    ['no answer, which is not a yes', null, [BUDGET], 3, ''],
  ])('FLOW-7: %s', (_, freezes, budgets, status, stdout) =>
    expect(gate(freezes, budgets)).toEqual({ status, stdout }),
  );

  it('FLOW-7: the jobs of GitLab call commands that exist', async () => {
    const jobs = Object.values(
      parse(read('action/ci/gitlab-ci.yml')) as Record<string, { script?: string[] }>,
    );
    const check = shell(await wholeCommandLine());
    const scripts = jobs.flatMap((job) => job.script ?? []);
    expect(scripts).toHaveLength(4);
    const fence = { file: 'gitlab-ci.yml', line: 1, language: 'sh', info: '', text: scripts.join('\n') };
    expect(await check(fence)).toEqual([]);
  });
});
