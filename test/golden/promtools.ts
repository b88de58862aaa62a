import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import { toolPath } from '../../scripts/tools.mjs';
import { type Case, platformOf, promtool, rulesOf } from './promtool.ts';

/** Of a Prometheus 3, where `npm run tools -- promtool` built one: the first whose series can be native histograms. */
export const NATIVE_PROMTOOLS: readonly string[] = [toolPath('promtool')].filter((program) => existsSync(program));
/** That, and Debian's of Prometheus 2. */
const PROMTOOLS: readonly string[] = ['promtool', ...NATIVE_PROMTOOLS];

/** What is declared is rendered, and run over the series by every promtool: what is expected is what each gets. */
export async function holds(declaration: string, cases: readonly Case[], programs = PROMTOOLS): Promise<void> {
  const rules = rulesOf(platformOf(declaration));
  for (const program of programs) expect(await promtool(rules, cases, program)).toContain('SUCCESS');
}
