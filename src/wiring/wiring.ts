import { openClusters, openStack } from './delivery.ts';
import { openDesired } from './desired-state.ts';
import { openForge } from './forge.ts';
import { openExistingLedger, openLedger, openMemoryLedger } from './ledger.ts';
import { openLoad } from './load-test.ts';
import { openLog } from './log.ts';
import { openMetrics } from './metrics.ts';
import { openReceivers } from './notifications.ts';
import { openKeptPolicy, openPolicy } from './policy.ts';
import { openReader } from './reading.ts';
import { openSignIn, readVerdictToken } from './sign-in.ts';
import { openSync } from './sync.ts';
import { openTracing } from './tracing.ts';

/** Every adapter that a server is made of; a test puts another in place of one. */
export const wiring = {
  openClusters,
  openDesired,
  openExistingLedger,
  openForge,
  openKeptPolicy,
  openLedger,
  openLoad,
  openLog,
  openMemoryLedger,
  openMetrics,
  openPolicy,
  openReader,
  openReceivers,
  openSignIn,
  openStack,
  openSync,
  openTracing,
  readVerdictToken,
};

export type Wiring = typeof wiring;
