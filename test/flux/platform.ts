import { compile } from '../../src/controller/compile.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import { availabilitySlo } from '../slo.ts';

/** What these tests vary of a declaration that Flux syncs. */
export interface Declared {
  readonly dev?: string;
  readonly stage?: string;
  readonly prod?: string;
  readonly kubernetes?: string;
}

const FLUX = "flux: { repository: 'https://git.invalid/acme/desired.git' }";

const declaration = ({ dev = '', stage = '', prod = '', kubernetes = FLUX }: Declared = {}): string =>
  `${availabilitySlo('checkout')}---
${availabilitySlo('cart')}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments:
    - { name: dev, prometheus: { embedded: true } ${dev} }
    - { name: stage, delivery: argo-rollouts, prometheus: { address: 'http://p.invalid' }, cluster: { namespace: stage } ${stage} }
    - { name: prod, delivery: argo-rollouts, prometheus: { address: 'http://p.invalid' }, cluster: { namespace: prod } ${prod} }
  services:
    - { name: checkout, slos: [checkout-availability], namespace: 'checkout-{environment}' }
    - { name: cart, slos: [cart-availability], environments: [dev, stage] }
  kubernetes: { ${kubernetes} }
`;

const compiled = (declared: Declared) => compile([{ file: 'platform.yaml', text: declaration(declared) }]);

export function platformOf(declared: Declared = {}): Platform {
  const made = compiled(declared);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return made.value;
}

export function problemsOf(declared: Declared): object[] {
  const made = compiled(declared);
  return made.ok ? [] : made.error.map(({ path, message, next }) => ({ path, message, next }));
}
