import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { importSloth } from '../../../src/declaration/import/sloth.ts';
import { temporaryFolder } from '../../folder.ts';
import { tool } from '../../tools.ts';
import {
  type Compared,
  differences,
  evaluated,
  expressionsOf,
  type Got,
  OBJECTIVE,
  ourRules,
  type Window,
} from './compared.ts';
import { expectedOf } from './differences.ts';
import { documentOf, slug } from './documents.ts';
import { SPECS, type Spec } from './specs.ts';

const SLOTH = tool('sloth');

interface TheirRule {
  readonly record?: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What Sloth makes of each specification: its own form, or where that is code of Sloth's, the same written out. */
async function theirRules(specs: readonly Spec[]): Promise<TheirRule[]> {
  const folder = temporaryFolder('sloth');
  const [from, to] = [join(folder, 'in'), join(folder, 'out')];
  for (const at of [from, to]) mkdirSync(at);
  for (const spec of specs)
    writeFileSync(
      join(from, `${slug(spec.name)}.yaml`),
      documentOf(spec, spec.written ?? spec.sli, OBJECTIVE),
    );
  await execa(SLOTH!, ['generate', '--input', from, '--out', to]);
  return readdirSync(to).flatMap((file) => {
    const made = parse(readFileSync(join(to, file), 'utf8'));
    const groups = (made.groups ?? made.spec.groups) as { rules: TheirRule[] }[];
    return groups.flatMap((g) => g.rules);
  });
}

const ours = () =>
  importSloth(
    SPECS.map((spec) => ({ file: `${slug(spec.name)}.yaml`, text: documentOf(spec, spec.sli, OBJECTIVE) })),
  );

describe.skipIf(!SLOTH)('beside Sloth', () => {
  let compared: Compared[];
  let got: Got;

  beforeAll(async () => {
    const reading = ours();
    expect(reading.problems).toEqual([]);
    const theirs = await theirRules(SPECS);
    const ratio = (name: string, window: Window) =>
      theirs.find(
        (r) => r.record === `slo:sli_error:ratio_rate${window}` && r.labels['sloth_slo'] === slug(name),
      )!.expr;
    compared = SPECS.map(({ name, by = [] }) => ({
      our: `api-${slug(name)}`,
      theirs: { '5m': ratio(name, '5m'), '1h': ratio(name, '1h') },
      by,
    }));
    got = await evaluated(ourRules(reading), expressionsOf(compared), 'promtool');
  });

  it.each(SPECS.map((spec, i) => [spec.name, i] as const))('FIELD-40: %s', (name, i) => {
    expect(differences(compared[i]!, got)).toEqual(expectedOf(name));
  });
});
