import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { described, layOut, ROOT } from './contents.ts';

/** Platforms for which npm has a Node of ours, as `<platform>-<architecture>`. */
export const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64'] as const;
export type Platform = (typeof PLATFORMS)[number];
export const thisPlatform = `${process.platform}-${process.arch}`;

/** The mark in Node's binary that says where a program may be put in. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** All files of a folder as one text: path and content, base64, brotli. */
function archive(folder: string): Buffer {
  const files = globSync('**/*', { cwd: folder })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), 'base64')]);
  return brotliCompressSync(JSON.stringify(files), { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
}

/** Node for another platform, as npm has it, in the version that runs here. */
function nodeFor(platform: Platform, folder: string): string {
  if (platform === thisPlatform) return process.execPath;
  const name = platform.startsWith('darwin') ? `node-bin-${platform}` : `node-${platform}`;
  const run = (...args: string[]) => execFileSync('npm', args, { cwd: folder, stdio: 'pipe' });
  run(
    'install',
    '--force',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `${name}@${process.versions.node}`,
  );
  return join(folder, 'node_modules', name, 'bin/node');
}

/** postject says much that helps nobody: what it prints is seen only when it fails. */
function putIn(file: string, blob: string, platform: Platform): void {
  const postject = join(ROOT, 'node_modules/postject/dist/cli.js');
  const mac = platform.startsWith('darwin') ? ['--macho-segment-name', 'NODE_SEA'] : [];
  const args = [postject, file, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE, ...mac];
  execFileSync(process.execPath, args, { stdio: 'pipe' });
}

/** Makes one file that runs without Node and without any file beside it: Node with the program in it. */
export async function singleFile(into: string, platform: Platform): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-single-'));
  try {
    await layOut(join(folder, 'app'), { minify: true });
    const packed = archive(join(folder, 'app'));
    writeFileSync(join(folder, 'app.br'), packed);
    const digest = createHash('sha256').update(packed).digest('hex').slice(0, 16);
    writeFileSync(join(folder, 'name'), `${described.version}-${digest}`);
    cpSync(join(ROOT, 'scripts/package/start.cjs'), join(folder, 'start.cjs'));
    const config = {
      main: 'start.cjs',
      output: 'program.blob',
      disableExperimentalSEAWarning: true,
      assets: { 'app.br': 'app.br', name: 'name' },
    };
    writeFileSync(join(folder, 'sea.json'), JSON.stringify(config));
    execFileSync(process.execPath, ['--experimental-sea-config', 'sea.json'], { cwd: folder, stdio: 'pipe' });
    const file = join(into, `sluice-${platform}`);
    mkdirSync(dirname(file), { recursive: true });
    cpSync(nodeFor(platform, folder), file);
    chmodSync(file, 0o755);
    putIn(file, join(folder, 'program.blob'), platform);
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
