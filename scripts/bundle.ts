import { join } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');

/** Packages that are written as CommonJS ask for `require`. */
const REQUIRE =
  "import { createRequire as __sluiceRequire } from 'node:module'; const require = __sluiceRequire(import.meta.url);";

/** What an installed Sluice is started from: the program, and what it starts as threads and processes of their own. */
export const ENTRIES = [
  'src/main.ts',
  'src/ledger/adapters/sqlite/reader-worker.ts',
  'src/controller/adapters/worker/reading-worker.ts',
  'src/governance/adapters/opa-wasm/policy-worker.ts',
];

/** undici's decompression, which we do not use, takes for granted what Node has from 22.15 on. */
const withoutZstd: Plugin = {
  name: 'node-without-zstd',
  transform(code, id) {
    if (!id.endsWith('undici/lib/interceptor/decompress.js')) return null;
    const changed = code.replace('createZstdDecompress.bind(', 'createZstdDecompress?.bind(');
    if (changed === code) throw new Error('undici no longer binds createZstdDecompress: drop this plugin');
    return changed;
  },
};

export interface BundleOptions {
  /** First line of every entry: `#!/usr/bin/env node`. */
  readonly shebang?: string;
  readonly minify?: boolean;
}

/** Entries of the sources and what they import, as files of one folder without any package beside them; Node 22 runs them. */
export async function bundle(
  inputs: readonly string[],
  folder: string,
  { shebang, minify = false }: BundleOptions = {},
): Promise<void> {
  const input = inputs.map((file) => join(root, file));
  const built = await rolldown({
    input,
    cwd: root,
    platform: 'node',
    logLevel: 'silent',
    plugins: [withoutZstd],
    transform: { target: 'node22' },
  });
  await built.write({
    dir: folder,
    format: 'esm',
    minify,
    banner: ({ isEntry }) => (shebang && isEntry ? `${shebang}\n${REQUIRE}` : REQUIRE),
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
  });
  await built.close();
}
