import { sha256 } from '../kit/digest.ts';
import type { PolicyIdentity } from './port.ts';

/** What names a policy: its modules' texts, whatever they are called and whoever keeps them. Tests are no part. */
export function policyIdentity(modules: readonly string[], team: string | null): PolicyIdentity {
  const own = [...modules].sort().join('\u0000');
  const digest = `sha256:${sha256(team === null ? own : `${own}\u0000team\u0000${team}`)}`;
  return { revision: digest.slice(7, 19), digest };
}
