// What of the released API the current one does not keep: `node scripts/api/released.ts`. With `--keep`: the current
// description becomes the released one, as a release does; it is refused where anything is not kept.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEPRECATED } from '../../src/server/deprecation.ts';
import { unkept } from './breaks.ts';
import { type Description, describedApi } from './description.ts';

const FILE = join(import.meta.dirname, '../../schema/released/openapi.json');

async function main(keep: boolean): Promise<number> {
  const now = await describedApi();
  const released = JSON.parse(readFileSync(FILE, 'utf8')) as Description;
  const breaks = unkept(released, now, DEPRECATED, Date.now());
  if (breaks.length > 0) {
    process.stderr.write(`${breaks.join('\n')}\n`);
    return 1;
  }
  if (keep) writeFileSync(FILE, `${JSON.stringify(now, null, 2)}\n`);
  process.stdout.write(keep ? `written: ${FILE}\n` : 'the released API is kept\n');
  return 0;
}

process.exitCode = await main(process.argv.includes('--keep'));
