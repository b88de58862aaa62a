import { sha256 } from '../kit/digest.ts';
import type { PolicyIdentity } from './port.ts';

/** The digest of a policy: of the texts of its modules, without tests, whatever their names and order. */
export function policyIdentity(modules: readonly string[], team: string | null): PolicyIdentity {
  const own = [...modules].sort().join('\u0000');
  const digest = `sha256:${sha256(team === null ? own : `${own}\u0000team\u0000${team}`)}`;
  return { revision: digest.slice(7, 19), digest };
}
