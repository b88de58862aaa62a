// May a version be released? `node scripts/package/version.mjs VERSION`: no dependency, so that any Node runs it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Files that say which version this is, with what they say. */
export function versionsIn(text) {
  const found = (file, pattern) => [file, pattern.exec(text(file))?.[1]];
  return new Map([
    found('package.json', /"version": "([^"]+)"/),
    found('src/main.ts', /const VERSION = '([^']+)'/),
    found('charts/sluice/Chart.yaml', /^appVersion: "?([^"\n]+)/m),
    found('charts/service/Chart.yaml', /^appVersion: "?([^"\n]+)/m),
  ]);
}

/** The part of the changelog that is about a version, its heading included; null: there is none. */
export function changesOf(version, changelog) {
  const sections = changelog.split(/^(?=## )/m);
  const mine = sections.find((section) => section.slice(3).split(/[\s(]/)[0] === version);
  return mine ? `${mine.trimEnd()}\n` : null;
}

/** Why a version cannot be released, one sentence each. */
export function obstacles(version, text) {
  const others = [...versionsIn(text)].filter(([, named]) => named !== version);
  return [
    ...others.map(([file, named]) => `${file} says ${named ?? 'no version'}: write ${version} there`),
    ...(changesOf(version, text('CHANGELOG.md')) === null
      ? [`CHANGELOG.md has no section “## ${version}”: write what changed`]
      : []),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(import.meta.dirname ?? '.', '../..');
  const found = obstacles(process.argv[2] ?? '', (file) => readFileSync(join(root, file), 'utf8'));
  for (const obstacle of found) process.stderr.write(`${obstacle}\n`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
