import type { Ms } from '../kit/time.ts';
import type { SecretRef } from './secret-ref.ts';
import type { PrometheusAccess } from './workload-access.ts';

type PrometheusAuth =
  | { readonly bearer: SecretRef }
  | { readonly basic: { readonly username: string; readonly password: SecretRef } }
  | null;

export interface PrometheusSource extends PrometheusAccess {
  /** Embedded: started by us on a free port. Otherwise where it answers. */
  readonly address: string | 'embedded';
  readonly version: string | null;
  readonly auth: PrometheusAuth;
  readonly mtls: { readonly cert: SecretRef; readonly key: SecretRef; readonly ca: SecretRef | null } | null;
  readonly scrapeIntervalMs: Ms;
  readonly evaluationIntervalMs: Ms;
  readonly budgetIntervalMs: Ms;
  readonly timeoutMs: Ms;
  /** Rules look this far back: samples of remote writers arrive late. */
  readonly latenessMs: Ms;
}
