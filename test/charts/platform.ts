import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../src/controller/compile.ts';

export const ROOT = join(import.meta.dirname, '../..');
/** The declaration that the charts are tested by. */
export const PIPELINE = readFileSync(join(ROOT, 'test/golden/declaration/good/pipeline.yaml'), 'utf8');
/** Several environments over two clusters, with a desired-state repository for Argo CD. */
export const platform = (() => {
  const more = `  kubernetes:\n    argoCd: { repository: 'https://git.invalid/acme/desired.git' }\n`;
  const compiled = compile([
    { file: 'pipeline.yaml', text: PIPELINE.replace('  services: [', `${more}  services: [`) },
  ]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
})();

/** As much of a Kubernetes resource as these tests look at. */
export interface Resource {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}
