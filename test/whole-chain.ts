import type { ChainWatch } from '../src/ledger/guarded.ts';

/** A chain in which nobody found a break. */
export const WHOLE_CHAIN: ChainWatch = { broken: () => null, found: () => undefined };
