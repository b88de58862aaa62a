import { stringify } from 'yaml';

/** Objects of the tests' own, as `kubectl apply` reads them. */
export const namespaceOf = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});
export const yamls = (...objects: object[]): string => objects.map((o) => stringify(o)).join('---\n');
