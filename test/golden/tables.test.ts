import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/controller/compile.ts';
import { checkedReading } from '../../src/declaration/import/bundle.ts';
import { importFlagger } from '../../src/declaration/import/flagger.ts';
import { importSloth } from '../../src/declaration/import/sloth.ts';
import { matchGolden } from './golden.ts';

const ROOT = join(import.meta.dirname, '../..');
const VECTORS = join(ROOT, 'test/vectors');
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** Documents of OpenSLO's own organisation, each by itself, and what becomes of it. */
function openSloTable(): string {
  const rows = globSync('**/*.yaml', { cwd: join(VECTORS, 'openslo') })
    .sort()
    .map((file) => {
      const compiled = compile([{ file, text: readFileSync(join(VECTORS, 'openslo', file), 'utf8') }], { platform: 'optional' });
      if (compiled.ok) return `| ${file} | read | |`;
      const reasons = compiled.error.map((p) => `line ${p.line}: ${p.path ? `\`${p.path}\` ` : ''}${p.message}`);
      return `| ${file} | refused | ${cell(reasons.join('; '))} |`;
    });
  return `# OpenSLO v1, document by document
Every example of version 1 that the OpenSLO organisation keeps for its own validator (oslo v0.12.0, \`test/v1\`, Apache-2.0; kept in \`test/vectors/openslo\`), each read alone, so that a reference to another document finds nothing. Written by \`npm run generate\`, compared by a test.

| document | outcome | why |
|---|---|---|
${rows.join('\n')}
`;
}

function slothTable(): string {
  const rows = globSync('*.yml', { cwd: join(VECTORS, 'sloth') })
    .sort()
    .flatMap((file) => {
      const text = readFileSync(join(VECTORS, 'sloth', file), 'utf8');
      const { brought, refused, skipped } = importSloth([{ file, text }]);
      return [
        ...skipped.map((s) => `| ${file} | | not Sloth's | ${cell(s.document)}: read as it is |`),
        ...[...brought, ...refused].map(
          (o) => `| ${file} | ${o.slo} | ${o.as ?? 'refused'} | ${cell(o.notes.join('; '))} |`,
        ),
      ];
    });
  return `# Sloth, document by document
Every example of Sloth v0.12.0 (\`examples\`, Apache-2.0; kept in \`test/vectors/sloth\`) through \`sluice import sloth\`. Written by \`npm run generate\`, compared by a test.

| document | SLO | becomes | note |
|---|---|---|---|
${rows.join('\n')}
`;
}

function flaggerTable(): string {
  const notes = new Set<string>();
  const rows = globSync('*.yaml', { cwd: join(VECTORS, 'flagger') })
    .sort()
    .flatMap((file) => {
      const text = readFileSync(join(VECTORS, 'flagger', file), 'utf8');
      const { canaries } = importFlagger([{ file, text }]);
      return canaries.flatMap((one) => {
        for (const note of one.notes) notes.add(note);
        return one.checks.map((c) => `| ${file} | ${c.check} | ${c.as ?? 'left out'} | ${cell(c.note)} |`);
      });
    });
  return `# Flagger, document by document
Every example of Flagger v1.36.1 (\`artifacts/examples\`, Apache-2.0; kept in \`test/vectors/flagger\`) through \`sluice import flagger\`. Written by \`npm run generate\`, compared by a test.

| document | check | becomes | note |
|---|---|---|---|
${rows.join('\n')}

What it says besides, where it applies:
${[...notes].map((n) => `- ${n}`).join('\n')}
`;
}

describe('documents of others', () => {
  it('DECL-10: each of Flagger’s own examples is brought over, or said why not', () =>
    matchGolden(join(ROOT, 'docs/flagger.md'), flaggerTable()));

  it('DECL-6: each of OpenSLO’s own examples is read, or refused with its reason', () =>
    matchGolden(join(ROOT, 'docs/openslo.md'), openSloTable()));

  it('DECL-7: each of Sloth’s own examples is brought over, or said why not', () =>
    matchGolden(join(ROOT, 'docs/sloth.md'), slothTable()));

  it('DECL-7: what was brought over is a valid declaration', () => {
    for (const file of ['getting-started.yml', 'kubernetes-apiserver.yml', 'k8s-home-wifi.yml']) {
      const text = readFileSync(join(VECTORS, 'sloth', file), 'utf8');
      const reading = checkedReading(importSloth([{ file, text }]), compile);
      expect([reading.brought.length > 0, reading.problems]).toEqual([true, []]);
    }
  });
});
