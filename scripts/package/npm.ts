import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { described, layOut } from './contents.ts';

/** What npm is told of the package: one command, and no dependency, since everything is bundled. */
const manifest = {
  name: 'sluice',
  version: described.version,
  description: described.description,
  license: described.license,
  type: 'module',
  bin: { sluice: 'dist/main.mjs' },
  engines: { node: '>=22.13.0' },
  keywords: ['slo', 'error-budget', 'progressive-delivery', 'canary', 'prometheus', 'argo-rollouts'],
};

/** Packs the npm package into a folder. Gives the path of the file. */
export async function npmPackage(into: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-npm-'));
  try {
    await layOut(folder, { shebang: '#!/usr/bin/env node', minify: true });
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    mkdirSync(into, { recursive: true });
    const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', into], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    return join(into, filename);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
