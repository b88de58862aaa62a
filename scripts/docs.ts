// The documentation site: `npm run docs` shows it while it is written, `npm run docs -- build` writes it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const VITEPRESS = join(ROOT, 'docs/node_modules/vitepress/bin/vitepress.js');
const TASKS = ['dev', 'build', 'preview'];

const [task = 'dev', ...rest] = process.argv.slice(2);
if (!TASKS.includes(task)) {
  process.stderr.write(`usage: npm run docs -- [${TASKS.join(' | ')}]\n`);
  process.exitCode = 2;
} else if (!existsSync(VITEPRESS)) {
  process.stderr.write('VitePress is not installed. Next: npm run docs, which installs it\n');
  process.exitCode = 3;
} else {
  const { status } = spawnSync(process.execPath, [VITEPRESS, task, ...rest, 'docs'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
