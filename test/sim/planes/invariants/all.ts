import { exclusionsCountNowhere } from './budgets.ts';
import { everythingEnds } from './ends.ts';
import { gatesAgree, limitsAreHeeded, mergesAreAllowed, postsAreDecisions } from './gate.ts';
import type { Invariant } from './invariant.ts';
import { oneBreaksAlone, theLedgerIsWhole, toldOnce } from './others.ts';
import {
  abortsInTime,
  effectsOnce,
  freezeHolds,
  nothingRunsUnseen,
  orderHolds,
  rejectionHolds,
} from './releases.ts';

/** Every invariant; they are checked after every step of every simulated world. */
export const INVARIANTS: readonly Invariant[] = [
  freezeHolds,
  orderHolds,
  rejectionHolds,
  nothingRunsUnseen,
  effectsOnce,
  abortsInTime,
  everythingEnds,
  gatesAgree,
  postsAreDecisions,
  mergesAreAllowed,
  limitsAreHeeded,
  exclusionsCountNowhere,
  oneBreaksAlone,
  toldOnce,
  theLedgerIsWhole,
];
