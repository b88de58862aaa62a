import { REASON_WORDS } from '../../src/api/sentences.ts';
import { MOVE_REASONS, type MoveReason, type VerdictReason } from '../../src/delivery/reasons.ts';
import { cell, generatedFrom } from './markdown.ts';

const NOTHING = 'Nothing to do.';
const WAIT = 'Wait: the release continues by itself.';

/** What a person does about a reason in a verdict. */
const VERDICT_REMEDIES = {
  HARM_SHOWN:
    'The version is rolled back and its digest is rejected. Fix the fault and publish a new digest. If the cause was elsewhere, lift the rejection: `sluice release lift`.',
  MULTI_WINDOW_BURN:
    'The service burns its budget whatever the version. Find the incident first. The release is retried automatically once the burn rates are below their thresholds.',
  CANARY_DOWN:
    'Read the logs of the new version: it ends, or does not answer scrapes. Publish a fixed digest.',
  GUARD_FAILED:
    'Check the number of the guard in the release. Fix the version, or correct the bounds of the guard.',
  STEP_BACK: 'Wait: stable gets traffic again, and the comparison decides.',
  TRIED_ENOUGH: NOTHING,
  SOURCE_UNAVAILABLE: 'Check that Prometheus runs and that Sluice reaches it: `sluice doctor --prometheus`.',
  PARTIAL_DATA: 'Check the querier or the remote read of Prometheus: it answers with warnings.',
  NO_DATA: 'Check that the new version is scraped and has the revision label: `sluice doctor --prometheus`.',
  STABLE_MISSING: 'Check that the stable version is scraped and has the revision label.',
  STALE_DATA:
    'Check scrapes: targets that are down, or a scrape interval that differs from the declared one.',
  NOT_A_NUMBER: 'Check the query of the SLO with `sluice explain slo NAME --prometheus`.',
  BURN_NO_DATA: 'Check that Prometheus evaluates the rules that `sluice render` writes.',
  BURN_FIRING: 'Find the incident. The release is held until the burn rates are below their thresholds.',
  GUARD_NO_DATA: 'Make the query of the guard return exactly one series.',
  LOAD_RUNNING: WAIT,
  WARMING_UP: WAIT,
  WAITING_FOR_DWELL: WAIT,
  TOO_FEW_REQUESTS:
    'Wait, or declare `strategy.lowTraffic` for services with little traffic. `sluice validate --prometheus` shows how long a release takes.',
  UNKNOWN_RELEASE: 'The question was about an earlier attempt. The Rollout asks again.',
  OTHER_STEP: 'The question was about another step. The Rollout asks again.',
  HELD: 'Wait for the end of the freeze, or end it: `sluice freeze list`.',
  UNCLEAR_ARTEFACT: 'Declare `container` for the service in the Platform.',
  STANDING_UNKNOWN: 'Check that Sluice reaches the API server of the cluster.',
  REJECTED:
    'Publish a fix under a new digest. If the cause was elsewhere, lift the rejection: `sluice release lift`.',
  PAUSED: 'Continue it with `sluice release resume`.',
  NOT_YET: WAIT,
} as const satisfies Record<VerdictReason, string>;

/** What a person does about the reason of a transition. */
const MOVE_REMEDIES: Partial<Record<MoveReason, string>> = {
  NOT_ENOUGH_EVIDENCE: WAIT,
  HARM_SHOWN: VERDICT_REMEDIES.HARM_SHOWN,
  MULTI_WINDOW_BURN: VERDICT_REMEDIES.MULTI_WINDOW_BURN,
  CANARY_DOWN: VERDICT_REMEDIES.CANARY_DOWN,
  GUARD_FAILED: VERDICT_REMEDIES.GUARD_FAILED,
  FAILED_TO_START: 'Check the health endpoint and the readiness of the new version. Publish a fixed digest.',
  COULD_NOT_RUN:
    'Check the cluster: room, image, Secrets, quota, sidecars. The release is retried automatically, at most three times.',
  OWN_ANALYSIS: 'Check the AnalysisRun of your Rollout. Then `sluice release retry`.',
  UNMEASURED: 'Check why the AnalysisRun had errors. The release is retried automatically.',
  OPERATOR: 'The reason is on record: `sluice ledger explain`. Start it again with `sluice release retry`.',
  HOLD_EXPIRED: 'Check what it waited for in the release. Then `sluice release retry`.',
  RELAPSE: 'The service burns again. Find the incident.',
  BURNING: 'No release is in progress: find the incident.',
};

/** A heading for each code, so that a code can be linked. */
const entry = (code: string, meaning: string, remedy: string): string =>
  `### ${code}\n${cell(meaning.charAt(0).toUpperCase() + meaning.slice(1))}. ${remedy}\n`;

/** The reference of the reason codes, with what to do about each. */
export function reasonsPage(): string {
  const verdicts = Object.entries(REASON_WORDS).map(([code, words]) =>
    entry(code, words, VERDICT_REMEDIES[code as VerdictReason]),
  );
  const moves = Object.entries(MOVE_REASONS)
    .filter(([code]) => !(code in REASON_WORDS))
    .map(([code, words]) => entry(code, words, MOVE_REMEDIES[code as MoveReason] ?? NOTHING));
  return `# Reason codes
${generatedFrom('the closed lists of reasons')} A verdict and every transition of a release carry codes from these lists, in the console, in \`sluice status\`, in JSON and in the ledger.

Other lists of codes: [denials of the gate](../policy.md), [exit codes and errors of commands](../exit-codes.md), [who is blamed for which fault](../faults.md).

## Reasons of a verdict
${verdicts.join('\n')}
## Reasons of a transition
Those that are also reasons of a verdict are above. [Which transition has which reason](../release-machine.md).

${moves.join('\n')}`;
}
