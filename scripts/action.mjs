#!/usr/bin/env node
// Bundles action/main.ts into action/index.mjs: GitHub runs one file, without any package beside it.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The bundle's text: the same sources and packages give the same text. */
export async function bundleAction() {
  const bundle = await rolldown({
    input: join(root, 'action/main.ts'),
    cwd: root,
    platform: 'node',
    logLevel: 'silent',
  });
  const { output } = await bundle.generate({
    format: 'esm',
    minify: true,
    codeSplitting: false,
    banner:
      "import { createRequire as __sluiceRequire } from 'node:module'; const require = __sluiceRequire(import.meta.url);",
  });
  await bundle.close();
  return output[0].code;
}

if (process.argv[1]?.endsWith('action.mjs')) {
  const code = await bundleAction();
  const file = join(root, 'action/index.mjs');
  writeFileSync(file, code);
  process.stdout.write(`action/index.mjs: ${readFileSync(file).length} bytes\n`);
}
