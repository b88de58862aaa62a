// Makes everything that a release consists of, in one folder: `npm run release -- VERSION [--into DIR] [--platform P …]`.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { serverImage } from './image.ts';
import { packChart } from './package/chart.ts';
import { ROOT } from './package/contents.ts';
import { npmPackage } from './package/npm.ts';
import { billOf, headCommit, npmBill, provenanceOf, sha256 } from './package/papers.ts';
import { PLATFORMS, type Platform, singleFile, thisPlatform } from './package/single-file.ts';
import { changesOf, obstacles } from './package/version.mjs';

const say = (text: string) => process.stderr.write(`${text}\n`);
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** The action as GitHub takes it from a tag: its description, its one file, and the policy beside it. */
function packAction(into: string, version: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-action-'));
  try {
    for (const name of ['action.yml', 'action/index.mjs', 'action/ci', 'policy', 'LICENSE'])
      cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    execFileSync('tar', ['-czf', join(into, `sluice-action-${version}.tgz`), '-C', folder, '.']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A bill of materials and a provenance file for each file of a release; names of the new files come with them. */
function papers(into: string, image: string | null): void {
  const [npm, commit] = [npmBill(), headCommit()];
  const ofImage = image === null ? null : (JSON.parse(readFileSync(image, 'utf8')) as typeof npm);
  for (const name of readdirSync(into).filter((file) => /\.(tgz|tar)$|^sluice-(linux|darwin)-/.test(file))) {
    const write = (kind: string, document: object) =>
      writeFileSync(join(into, `${name}.${kind}.json`), `${JSON.stringify(document, null, 2)}\n`);
    write('cdx', billOf(join(into, name), npm, ofImage));
    write('provenance', provenanceOf(join(into, name), commit));
  }
}

async function release(version: string, into: string, platforms: readonly Platform[]): Promise<void> {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  say('npm package …');
  await npmPackage(into);
  for (const platform of platforms) {
    say(`single file for ${platform} …`);
    await singleFile(into, platform);
  }
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-release-'));
  const bill = process.platform === 'linux' ? join(scratch, 'image.cdx.json') : null;
  try {
    if (bill) {
      say('image …');
      const image = await serverImage(join(into, `sluice-image-${version}-${process.arch}.tar`), bill);
      writeFileSync(join(into, 'IMAGE'), `${image}\n`);
    }
    say('charts, action, bills of materials, provenance …');
    for (const chart of ['sluice', 'service']) packChart(into, chart, version);
    packAction(into, version);
    papers(into, bill);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  writeFileSync(join(into, 'CHANGES.md'), changesOf(version, read('CHANGELOG.md'))!);
  const sums = readdirSync(into)
    .sort()
    .map((name) => `${sha256(join(into, name))}  ${name}\n`);
  writeFileSync(join(into, 'SHA256SUMS'), sums.join(''));
  say(
    `Made ${sums.length + 1} files in ${into}; check them with: cd ${basename(into)} && sha256sum -c SHA256SUMS`,
  );
}

const USAGE = `usage: npm run release -- VERSION [--into DIR] [--platform ${PLATFORMS.join(' | ')} …]\n`;

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { into: { type: 'string' }, platform: { type: 'string', multiple: true } },
  });
  const [version] = positionals;
  const platforms = (values.platform ?? [thisPlatform]) as Platform[];
  const unknown = platforms.filter((one) => !PLATFORMS.includes(one));
  if (!version || positionals.length > 1 || unknown.length > 0) {
    process.stderr.write(`${unknown.map((one) => `unknown platform ${one}\n`).join('')}${USAGE}`);
    return 2;
  }
  const found = obstacles(version, read);
  for (const obstacle of found) say(obstacle);
  if (found.length > 0) return 1;
  await release(version, resolve(values.into ?? join(ROOT, 'dist/release')), platforms);
  return 0;
}

if (import.meta.main) process.exitCode = await main();
