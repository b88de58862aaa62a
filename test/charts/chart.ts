import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { temporaryFolder } from '../folder.ts';
import { tool } from '../tools.ts';
import { type Resource, ROOT } from './platform.ts';

export const SERVICE = join(ROOT, 'charts/service');
export const SLUICE = join(ROOT, 'charts/sluice');
const helm = tool('helm');

/** Without a cluster at hand helm has to be told which one it would be. */
const KUBERNETES = '1.34.4';

/** A file that ends with the test. */
export function scratch(name: string, text: string): string {
  const path = join(temporaryFolder('helm'), name);
  writeFileSync(path, text);
  return path;
}

export const valuesFile = (values: object): string => scratch('values.yaml', stringify(values));

export const documents = (text: string): Resource[] =>
  parseAllDocuments(text).flatMap((d) => (d.toJS() === null ? [] : [d.toJS() as Resource]));

interface Release {
  readonly name?: string;
  readonly namespace?: string;
  readonly kubernetes?: string;
}

/** What `helm template` answers. */
export const template = (
  chart: string,
  files: readonly string[],
  { name = 'api', namespace = 'shop', kubernetes = KUBERNETES }: Release = {},
): SpawnSyncReturns<string> =>
  spawnSync(
    helm!,
    [
      'template',
      name,
      chart,
      '--namespace',
      namespace,
      '--kube-version',
      kubernetes,
      ...files.flatMap((f) => ['-f', f]),
    ],
    { encoding: 'utf8' },
  );

/** What the chart makes of values files, as text. */
export function text(chart: string, files: readonly string[], release: Release = {}): string {
  const made = template(chart, files, release);
  if (made.status !== 0) throw new Error(made.stderr);
  return made.stdout;
}

/** What the chart makes of values files. */
export const rendered = (chart: string, ...files: string[]): Resource[] => documents(text(chart, files));

/** What it makes of values. */
export const made = (chart: string, values: object, release: Release = {}): Resource[] =>
  documents(text(chart, [valuesFile(values)], release));

export const kinds = (list: readonly Resource[]): string[] =>
  list.map((r) => `${r.kind}/${r.metadata.name}`).sort();

/** The one object of a kind. */
export function the(list: readonly Resource[], kind: string, name?: string): Resource {
  const found = list.filter((r) => r.kind === kind && (name === undefined || r.metadata.name === name));
  if (found.length !== 1) throw new Error(`${found.length} of ${kind} ${name ?? ''} in ${kinds(list)}`);
  return found[0]!;
}

/** The same chart under another version, as its next release would be. */
export function nextVersion(chart: string, version: string): string {
  const folder = join(temporaryFolder('chart'), 'next');
  cpSync(chart, folder, { recursive: true });
  const file = join(folder, 'Chart.yaml');
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replace(/^version: .*$/m, `version: ${version}`)
      .replace(/^appVersion: .*$/m, `appVersion: "${version}"`),
  );
  return folder;
}

export const IMAGE = { repository: 'registry.invalid/api', tag: '1' };
