import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { desiredExamples } from '../shop/desired.ts';
import { mermaid, TABLE } from '../src/delivery/machine.ts';
import { MOVE_REASONS } from '../src/delivery/reasons.ts';
import { faultsPage } from '../test/field/faults/rows.ts';
import { partsPage } from '../test/trust/faults/table.ts';
import { chartsPage } from './charts-docs.ts';
import { releaseWorkflow } from './package/workflow.ts';
import { policyPage } from './policy-docs.mjs';
import { SAMPLES, samplesPage } from './samples.ts';
import { generatedPages } from './site/pages.ts';

/** Writes anew everything that is generated: the goldens, the JSON Schema, the picture of the machine. */
const root = join(import.meta.dirname, '..');

function machineDocs(): string {
  const rows = TABLE.map(
    (row) =>
      `| ${row.from} | ${row.to} | ${row.by === 'seed' ? 'design' : 'added'} | ${row.reasons.map((r) => `\`${r}\``).join(' ')} |`,
  );
  const reasons = Object.entries(MOVE_REASONS).map(([code, words]) => `| \`${code}\` | ${words} |`);
  return `# The release machine
There is one release machine per service and environment. Generated from \`src/delivery/machine.ts\` by \`npm run generate\`; a test compares.

\`\`\`mermaid
${mermaid()}
\`\`\`

| from | to | origin | reasons |
|---|---|---|---|
${rows.join('\n')}

Transitions marked *design* are those of the original design; those marked *added* were added later, for the reasons in \`docs/decisions/0001-release-machine.md\`.

| reason | meaning |
|---|---|
${reasons.join('\n')}
`;
}

writeFileSync(join(root, 'docs/release-machine.md'), machineDocs());
writeFileSync(join(root, 'docs/faults.md'), faultsPage());
writeFileSync(join(root, 'docs/operations/faults-of-dependencies.md'), partsPage());
for (const [path, text] of desiredExamples()) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
mkdirSync(join(root, 'policy/samples'), { recursive: true });
for (const { file, facts } of SAMPLES)
  writeFileSync(join(root, 'policy/samples', file), `${JSON.stringify(facts, null, 2)}\n`);
writeFileSync(join(root, 'policy/samples/README.md'), samplesPage());
writeFileSync(join(root, 'docs/charts.md'), chartsPage(root));
writeFileSync(join(root, 'docs/policy.md'), policyPage(join(root, 'policy/sluice')));
for (const [path, text] of [...(await generatedPages()), releaseWorkflow()]) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
execFileSync(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'src/declaration', 'test/golden'],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, UPDATE_GOLDEN: '1' },
  },
);
process.stdout.write(
  `written; ${readFileSync(join(root, 'docs/release-machine.md'), 'utf8').length} bytes of docs/release-machine.md\n`,
);
