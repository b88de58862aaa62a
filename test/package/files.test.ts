import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { versionsIn } from '../../scripts/package/version.mjs';
import { temporaryFolder } from '../folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const VERSION = versionsIn((file) => readFileSync(join(ROOT, file), 'utf8')).get('package.json')!;
const PLATFORM = `${process.platform}-${process.arch}`;
/** Every form in which Sluice is installed, on Linux. */
const FORMS = [
  `sluice-${VERSION}.tgz`,
  `sluice-${PLATFORM}`,
  `sluice-image-${VERSION}-${process.arch}.tar`,
  `sluice-action-${VERSION}.tgz`,
  ...['sluice', 'service'].flatMap((chart) => [
    `${chart}-chart-${VERSION}.tgz`,
    `${chart}-chart-${VERSION}.oci.tar`,
  ]),
];

const into = temporaryFolder('release');
const digest = (name: string): string =>
  createHash('sha256')
    .update(readFileSync(join(into, name)))
    .digest('hex');
const json = <T>(name: string): T => JSON.parse(readFileSync(join(into, name), 'utf8')) as T;

describe.skipIf(process.platform !== 'linux')('the files of a release', () => {
  beforeAll(() => {
    const args = [join(ROOT, 'scripts/release.ts'), VERSION, '--into', into];
    const made = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    expect(made.status, made.stderr).toBe(0);
  });

  it('PACK-8: every form is there, and checksums name everything else that is', () => {
    const files = readdirSync(into);
    expect(files).toEqual(expect.arrayContaining(FORMS));
    const named = readFileSync(join(into, 'SHA256SUMS'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.slice(66));
    expect(named).toEqual(files.filter((file) => file !== 'SHA256SUMS').toSorted());
    execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: into });
    expect(statSync(join(into, 'CHANGES.md')).size).toBeGreaterThan(10);
  });

  it.each(FORMS)('PACK-8: %s has a bill of materials about it', (form) => {
    const bill = json<{
      bomFormat: string;
      metadata: { component: { name: string; hashes: { content: string }[] } };
      components: { name: string }[];
    }>(`${form}.cdx.json`);
    expect(bill.bomFormat).toBe('CycloneDX');
    expect(bill.metadata.component).toMatchObject({ name: form, hashes: [{ content: digest(form) }] });
    const names = bill.components.map(({ name }) => name);
    const expected = form.includes('-chart-') ? 'sluice' : 'hono';
    expect(names).toContain(expected);
    expect(names.includes('node')).toBe(form.includes('-image-') || form === `sluice-${PLATFORM}`);
  });

  it.each(FORMS)('PACK-8: %s has a provenance file that names its digest and the commit', (form) => {
    const statement = json<{
      subject: object[];
      predicate: { buildDefinition: { resolvedDependencies: object[] } };
    }>(`${form}.provenance.json`);
    expect(statement.subject).toEqual([{ name: form, digest: { sha256: digest(form) } }]);
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
    expect(statement.predicate.buildDefinition.resolvedDependencies[0]).toEqual({
      uri: 'git',
      digest: { gitCommit: commit },
    });
  });

  it('PACK-8: the action is one folder that can be tagged', () => {
    const listed = execFileSync('tar', ['-tzf', join(into, `sluice-action-${VERSION}.tgz`)], {
      encoding: 'utf8',
    });
    for (const file of [
      'action.yml',
      'action/index.mjs',
      'action/ci/gate.sh',
      'policy/sluice.wasm',
      'LICENSE',
    ])
      expect(listed.split('\n')).toContain(`./${file}`);
  });
});
