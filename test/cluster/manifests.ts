import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Machine } from './machine.ts';

/** Objects of the tests' own, as `kubectl apply` reads them. */
export const namespaceOf = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});
export const yamls = (...objects: object[]): string => objects.map((o) => stringify(o)).join('---\n');

/** Applies the definitions of a folder whose file names match: server-side, for they are too long for an annotation. */
export function applyDefinitions(kubectl: Machine['kubectl'], folder: string, which: RegExp): void {
  for (const name of readdirSync(folder).filter((f) => which.test(f)))
    kubectl(['apply', '--server-side', '-f', join(folder, name)]);
}
