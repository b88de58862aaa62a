import { isThreadOf, serveThread } from '../../../io/thread.ts';
import { keptPolicy, wasmPolicy } from './policy.ts';
import { POLICY_ROLE, type PolicyJob, type PolicyOf } from './thread-policy.ts';

/** What the thread runs: one policy, asked again and again. */
if (isThreadOf(POLICY_ROLE))
  serveThread((data) => {
    const of = data as PolicyOf;
    const policy = 'kept' in of ? keptPolicy(of.kept, of.identity) : wasmPolicy(of);
    return (job) => {
      const { what, facts } = job as PolicyJob;
      return what === 'identity' ? policy.identity() : policy[what](facts!);
    };
  });
