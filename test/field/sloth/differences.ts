/**
 * Where an error ratio of ours differs from Sloth's by more than one per cent: every such moment and window, and why
 * ours is right. What is not here is alike.
 */
export interface Difference {
  readonly specs: readonly string[];
  readonly why: string;
  readonly values: readonly string[];
}

const OFTEN =
  'the sample at the left edge of a window is counted by the window before it: Prometheus 2 counts it in both';

export const DIFFERENCES: readonly Difference[] = [
  {
    specs: ['irate'],
    why: 'irate uses the last two samples, whatever the window: for an hour Sloth reports what its last seconds were; Sluice counts every request of the window',
    values: [
      'an outage begins 5m: 0.362, theirs 0.45',
      'an outage begins 1h: 0.0393, theirs 0.45',
      'outage 1h: 0.076, theirs 0.45',
      'recovery 1h: 0.0907, theirs 0.01',
      'reset 1h: 0.0907, theirs 0.01',
      'after the reset 1h: 0.0907, theirs 0.01',
      'quiet 1h: 0.105, theirs none',
      'still quiet 1h: 0.115, theirs none',
      'after the quiet 1h: 0.12, theirs 0.01',
      'a new pod 1h: 0.113, theirs 0.01',
    ],
  },
  {
    specs: ['clamp_min of the total', 'a ratio or none', 'a total or one'],
    why: 'without a request there is no ratio; the query turns it into a 0, which is not a share of anything',
    values: ['quiet 5m: none, theirs 0', 'still quiet 5m: none, theirs 0'],
  },
  {
    specs: ['an average of a probe', 'a probe, counted', 'a probe, in one'],
    why: OFTEN,
    values: ['an outage begins 5m: 0.4, theirs 0.381'],
  },
  {
    specs: ['averages of rates', 'sums of rates of a rule'],
    why: OFTEN,
    values: ['an outage begins 5m: 0.362, theirs 0.345'],
  },
  { specs: ['times with too little'], why: OFTEN, values: ['an outage begins 5m: 0.8, theirs 0.727'] },
  { specs: ['pods that are not ready'], why: OFTEN, values: ['an outage begins 5m: 0.6, theirs 0.571'] },
  {
    specs: ['an average of a ratio', 'an average of averages'],
    why: `one NaN makes NaN of every window that it is in, with Sloth for an hour after a quiet time (for thirty days of the budget): NaN is not a sample; and ${OFTEN}`,
    values: [
      'an outage begins 5m: 0.362, theirs 0.345',
      'quiet 1h: 0.107, theirs none',
      'still quiet 1h: 0.118, theirs none',
      'after the quiet 1h: 0.131, theirs none',
      'a new pod 1h: 0.131, theirs none',
      'an hour later 1h: 0.01, theirs none',
    ],
  },
  {
    specs: ['a quantile above a bound'],
    why: 'yes or no at a moment: Sluice reports for how much of the hour it was true, by slices of five minutes; Sloth asks whether the quantile of the whole hour is above it, and treats a time without requests as no',
    values: [
      'an outage begins 1h: 0.0833, theirs 0',
      'outage 1h: 0.167, theirs 0',
      'recovery 1h: 0.25, theirs 0',
      'reset 1h: 0.25, theirs 0',
      'after the reset 1h: 0.25, theirs 0',
      'quiet 1h: 0.25, theirs 1',
      'still quiet 1h: 0.25, theirs 1',
      'after the quiet 1h: 0.25, theirs 1',
      'a new pod 1h: 0.25, theirs 1',
    ],
  },
  {
    specs: ['a code never seen before'],
    why: 'a counter that is made by its first errors begins at their number: rate() does not see them, Sluice counts them from 0',
    values: [
      'a new pod 5m: 0.0099, theirs 0',
      'a new pod 1h: 0.00114, theirs 0',
      'an hour later 1h: 0.00114, theirs 0',
    ],
  },
];

/** What is expected of one specification. */
export const expectedOf = (name: string): readonly string[] =>
  DIFFERENCES.filter((d) => d.specs.includes(name)).flatMap((d) => d.values);
