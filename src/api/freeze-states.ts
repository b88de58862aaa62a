import type { FreezeView } from './governance.ts';

/** What a person reads for the state of a freeze: the command line and the console share it. */
export const FREEZE_STATES = {
  stands: 'active',
  comes: 'scheduled',
  over: 'ended',
} as const satisfies Record<FreezeView['state'], string>;
