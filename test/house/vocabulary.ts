/** A pattern of words that readers stumble over, and what to write instead. */
export interface Forbidden {
  readonly pattern: RegExp;
  readonly say: string;
  /** Some text that it finds: the test of the table plants it. */
  readonly planted: string;
}

/**
 * Words and turns of phrase that no text for people may have, in the order in which they are reported. A reader who
 * knows Kubernetes, Prometheus and GitHub has to understand every sentence at first sight, also in a second language.
 * In templates `{}` is a value that is filled in.
 */
export const FORBIDDEN: readonly Forbidden[] = [
  // Numbers.
  { pattern: /[\d}] %/, say: 'a percentage without a space: 5.2%', planted: '{} % of requests' },
  {
    pattern:
      /% left\b|\bbudget (is )?left\b|\bbudget[^.|]{0,30} is left\b|\bleft of (its|the) (error )?budget\b/i,
    say: '12% remaining, overspent by 206%',
    planted: 'what is left of the budget: 12% left',
  },
  // Who speaks. A text has no speaker.
  { pattern: /\bours\b/i, say: "Sluice's, or the name of the thing", planted: 'a fault of ours' },
  { pattern: /\b(we|us|our)\b/i, say: 'Sluice, or the name of the thing', planted: 'our server' },
  {
    pattern: /who is asking/i,
    say: 'Unauthorized: this needs a token with scope …',
    planted: 'Who is asking?',
  },
  // Verdicts.
  { pattern: /beyond doubt/i, say: 'over budget and worse than stable', planted: 'beyond doubt' },
  {
    pattern: /\bspeaks? (against|for)\b/i,
    say: 'all checks passed; the evidence for',
    planted: 'speaks against it',
  },
  { pattern: /\bcondemn/i, say: 'reject (a version), rejection', planted: 'it was condemned' },
  { pattern: /\b(taken|takes?|took|taking) back\b/i, say: 'roll back', planted: 'it was taken back' },
  { pattern: /\bwords? counts?\b/i, say: 'the result counts', planted: 'whose word counts' },
  {
    pattern: /\b(is|are|was|were) well again\b|\buntil users were\b/i,
    say: 'recovered, time to restore',
    planted: 'users were well again',
  },
  { pattern: /\bnonsense\b/i, say: 'an invalid answer', planted: 'talks nonsense' },
  // What is under way.
  { pattern: /\bmend(s|ed)?\b/i, say: 'fix', planted: 'mend it' },
  {
    pattern: /\bgrounds\b/i,
    say: 'inputs: re-evaluated automatically when inputs change',
    planted: 'its grounds flip',
  },
  {
    pattern: /\bstands?\b|\bstood\b|\bstanding by\b/i,
    say: 'is active, applies, is, remains, means',
    planted: 'a freeze stands',
  },
  {
    pattern: /\b(an|the|each|every|two|next) looks?\b|\blook(s|ed|ing)? at\b|\blooking …/i,
    say: 'check, evaluation, tick; evaluate, check; Loading …',
    planted: 'it is looked at again',
  },
  { pattern: /\b(goes|go|went|going) on\b/i, say: 'continue', planted: 'the release goes on' },
  {
    pattern: /\b(goes|go|went|going) out\b/i,
    say: 'is released, is rolled out',
    planted: 'nothing new goes out',
  },
  {
    pattern: /\bon (its|their|the) way\b|\bon the move\b/i,
    say: 'in progress',
    planted: 'a release on its way',
  },
  {
    pattern: /(?<=.)\bat rest\b|\bat rest\b(?=.)|\b(come|comes|came) to rest\b/i,
    say: 'idle, steady',
    planted: 'it is at rest',
  },
  { pattern: /\banew\b/i, say: 'again, from scratch', planted: 'read anew' },
  {
    pattern: /\bseldom\b|\blater and later\b|\boftener\b/i,
    say: 'with growing delays; more often',
    planted: 'ever more seldom',
  },
  { pattern: /\bfrozen no more\b|\b(is|are) no more\b/i, say: 'no longer', planted: 'is frozen no more' },
  {
    pattern: /\bheard (of|from)\b|\bhears? of\b/i,
    say: 'has not reported; receives',
    planted: 'has not been heard of',
  },
  // How things are said.
  { pattern: /\btold\b/i, say: 'reported, shown; distinguished', planted: 'is told' },
  {
    pattern: /\b(is|are|was|were|be|and|plainly) said\b|\bsaid (plainly|once|so)\b|\bsays? so\b/i,
    say: 'state it, or: is reported, is shown, is documented',
    planted: 'and says so',
  },
  {
    pattern:
      /(?<!\b(there|where|has|had|what)) \b(is|are|was|were) (no(?! (longer|data|worse|more than|less|later|higher|default)\b)|none)\b/i,
    say: '… is not a …',
    planted: '"x" is no scope',
  },
  { pattern: /\b(is|are) to be\b/i, say: 'must be, has to be', planted: 'is to be filled in' },
  { pattern: /\bwhere left out\b/i, say: 'by default; if omitted', planted: 'the first one where left out' },
  {
    pattern: /\botherwise than\b|\bit otherwise\b|\bthem otherwise\b/i,
    say: 'differently; rename it',
    planted: 'name it otherwise',
  },
  { pattern: /\b(brought|brings?|bring) over\b/i, say: 'import', planted: 'is not brought over' },
  {
    pattern: /\bat hand\b|\bfor want of\b|\bone alone\b/i,
    say: 'available; because … is missing; only one',
    planted: 'no ledger was at hand',
  },
  {
    pattern: /\b(puts?|set) right\b|\bright again\b/i,
    say: 'fix, correct, revert',
    planted: 'Git is put right',
  },
  {
    pattern: /\bin words\b|\bin the words of\b/i,
    say: 'in plain text; as … reports it',
    planted: 'told in words',
  },
  // Names of things.
  {
    pattern: /\bsurroundings\b/i,
    say: 'Prometheus, Alertmanager and Grafana configuration',
    planted: 'configuration for the surroundings',
  },
  {
    pattern: /\bthe architecture\b|\barchitecture's\b/i,
    say: 'the default alert pair: 5m burn rate ≥ 14 and 1h ≥ 3',
    planted: "the architecture's pair",
  },
  {
    pattern: /\bdelivery goes\b|\bchanges that failed\b/i,
    say: 'delivery performance, change failure rate, lead time, time to restore',
    planted: 'how delivery goes',
  },
];

/** What is wrong with a text, one line each: the words as they are written, and what to write instead. */
export const wrongWords = (text: string): string[] =>
  FORBIDDEN.flatMap(({ pattern, say }) => {
    const match = pattern.exec(text);
    return match ? [`"${match[0].trim()}": write ${say}`] : [];
  });
