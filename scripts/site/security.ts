import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { routesTable } from '../../test/trust/routes.ts';

const PAGE = 'docs/security.md';
const PART = /(<!-- routes: written by npm run generate -->\n)[\s\S]*?(\n<!-- end of routes -->)/;

/** The page about security: a person writes it, but for the table of routes, which a test walks. */
export function securityPage(): [file: string, text: string] {
  const text = readFileSync(join(import.meta.dirname, '../..', PAGE), 'utf8');
  if (!PART.test(text)) throw new Error(`${PAGE} has no place for the table of routes`);
  return [
    PAGE,
    text.replace(PART, (_, before: string, after: string) => `${before}${routesTable()}${after}`),
  ];
}
