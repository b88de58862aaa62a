import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EVENT_VERSIONS } from '../../src/delivery/event-versions.ts';
import { SCHEMA as POSTGRES } from '../../src/ledger/adapters/postgres/schema.ts';
import { SCHEMA as SQLITE } from '../../src/ledger/adapters/sqlite/schema.ts';
import { SERVER_FOLDS } from '../../src/server/folds.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/migrations.md'), 'utf8');
const rows = PAGE.split('\n')
  .filter((line) => /^\| [`\d]/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

it('LEDGER-23: the list of migrations names every schema, and every record that is not of version 1', () => {
  const schemas = rows.filter(([, version]) => /^\d+$/.test(version!));
  // A version that a store never had has no words there.
  const versionsOf = (column: number) =>
    schemas.flatMap((row) => (row[column] === '–' ? [] : [Number(row[1])]));
  expect(versionsOf(2)).toEqual(Array.from({ length: SQLITE }, (_, i) => i + 1));
  expect(versionsOf(3)).toEqual(Array.from({ length: POSTGRES }, (_, i) => i + 1));
  const told = rows.flatMap(([, name, version]) => (name!.startsWith('`') ? [`${name} ${version}`] : []));
  const versions = new Map(
    [EVENT_VERSIONS, ...SERVER_FOLDS.map((fold) => fold.reads)].flatMap((reads) => Object.entries(reads)),
  );
  const newer = [...versions].filter(([, version]) => version > 1);
  expect(told).toEqual(newer.map(([type, version]) => `\`${type}\` ${version}`));
});
