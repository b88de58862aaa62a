import { noticesFold } from '../api/notices/fold.ts';
import { alertsFold } from '../controller/alerts.ts';
import { measuresFold } from '../controller/measures.ts';
import { lanesFold } from '../delivery/fold.ts';
import { commitsFold, promotionsFold, syncFold } from '../gitops/fold.ts';
import { governanceFold } from '../governance/fold.ts';
import type { AnyFold } from '../ledger/fold.ts';
import type { SnapshotPolicy } from '../ledger/snapshotting.ts';
import { budgetsFold } from '../runtime/fold.ts';
import { queriesFold } from '../runtime/queries.ts';
import { sentFold } from './notify/sent.ts';

/** Everything that a server knows from its ledger: registered before the journal opens, read once. */
export const SERVER_FOLDS: readonly AnyFold[] = [
  lanesFold,
  budgetsFold,
  queriesFold,
  alertsFold,
  governanceFold,
  commitsFold,
  promotionsFold,
  syncFold,
  measuresFold,
  noticesFold,
  sentFold,
];

/** Ten thousand records are read in well under a second; a thousand in no time. */
export const SNAPSHOTS: Pick<SnapshotPolicy, 'everyRecords' | 'atStopAfter'> = {
  everyRecords: 10_000,
  atStopAfter: 1_000,
};
