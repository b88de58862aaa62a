import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { described, ROOT } from './contents.ts';

/** A software bill of materials, as much of CycloneDX as is changed here. */
interface Bill {
  components?: object[];
  metadata: { component?: object };
  [key: string]: unknown;
}

export const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

const sh = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

/** The packages that are bundled, as npm lists them; asked once, since it reads the whole tree. */
export const npmBill = (): Bill =>
  JSON.parse(sh('npm', 'sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev')) as Bill;

const NODE = {
  type: 'application',
  name: 'node',
  version: process.versions.node,
  purl: `pkg:generic/node@${process.versions.node}`,
};

/** What a chart consists of: templates, and the image that they name. */
const ofChart = (): object[] => [
  {
    type: 'container',
    name: 'sluice',
    version: described.version,
    purl: `pkg:oci/sluice?tag=${described.version}`,
  },
];

/** The bill of one file of a release. An image has its own, with the packages of Debian whose files went in. */
export function billOf(file: string, npm: Bill, image: Bill | null): Bill {
  const name = basename(file);
  const [whole, components] = name.includes('-image-')
    ? [image ?? npm, image?.components]
    : name.includes('-chart-')
      ? [npm, ofChart()]
      : /^sluice-(linux|darwin)-/.test(name)
        ? [npm, [...(npm.components ?? []), NODE]]
        : [npm, npm.components];
  const component = {
    type: 'file',
    name,
    version: described.version,
    hashes: [{ alg: 'SHA-256', content: sha256(file) }],
  };
  return { ...whole, metadata: { ...whole.metadata, component }, components: components ?? [] };
}

/** The commit that a release is made from: asked once, so that all of its files name the same. */
export const headCommit = (): string => sh('git', 'rev-parse', 'HEAD').trim();

/** From which sources, of which commit, and by which tools a file was made, as an in-toto statement. */
export function provenanceOf(file: string, commit: string): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: basename(file), digest: { sha256: sha256(file) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'npm run release',
        externalParameters: { version: described.version },
        resolvedDependencies: [
          { uri: 'git', digest: { gitCommit: commit } },
          { uri: 'package-lock.json', digest: { sha256: sha256(join(ROOT, 'package-lock.json')) } },
        ],
      },
      runDetails: { builder: { id: `node ${process.versions.node} ${process.platform}-${process.arch}` } },
    },
  };
}
