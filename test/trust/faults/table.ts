/** One fault of one part, and what is certain of it. */
export interface Row {
  readonly fault: string;
  readonly outcome: string;
  /** Where a test shows it that is not of this folder's table: its file, and the beginning of its title. */
  readonly shown?: readonly [file: string, title: string];
}

interface Part {
  readonly title: string;
  readonly rows: Readonly<Record<string, Row>>;
}

const HELD = 'the release is held at its step; it continues with the next valid answer';
const INVALID = 'no sample of it is counted; the release is held, and continues with the next valid answer';
const HERE = 'test/trust/faults';
const REFUSED =
  'the record is refused with the reason; what was written before remains, and the next record follows it';
const DAMAGED = 'refused with `LEDGER_DAMAGED` and the next step; a restored copy is continued';
const ONCE = 'the record is written once; the next decision follows it';
const RETRIED = 'tried three times a call; posted once when the forge answers again';
const STEADY = 'not followed: the release takes the same steps at the same times';

export const TABLE = {
  prometheus: {
    title: 'Prometheus',
    rows: {
      refused: { fault: 'it refuses connections', outcome: HELD },
      silent: {
        fault: 'it accepts connections and never answers',
        outcome: `given up after \`timeout\`; ${HELD}`,
      },
      slow: { fault: 'it answers late, but in time', outcome: 'the answer is used; the release continues' },
      500: { fault: 'status 500', outcome: HELD },
      page: { fault: 'a web page with status 200', outcome: HELD },
      cut: { fault: 'half an answer, then the connection is cut', outcome: HELD },
      halfOpen: { fault: 'half an answer, then nothing', outcome: `given up after \`timeout\`; ${HELD}` },
      shortened: { fault: 'half of the JSON as a whole answer', outcome: HELD },
      shape: { fault: 'JSON of another shape', outcome: HELD },
      error: { fault: '`status: error`', outcome: HELD },
      failedWell: { fault: 'a valid body with status 503', outcome: HELD },
      warnings: { fault: 'warnings: the answer is partial', outcome: `\`PARTIAL_DATA\`: ${HELD}` },
      nan: { fault: 'NaN everywhere', outcome: INVALID },
      infinite: { fault: '+Inf everywhere', outcome: INVALID },
      huge: { fault: 'values above what a counter can count', outcome: INVALID },
      negative: { fault: 'negative values of counters', outcome: INVALID },
      noNumber: { fault: 'a value that is not a number', outcome: HELD },
      back: {
        fault: 'counters that decrease',
        outcome: 'read as restarts, as Prometheus reads them; the release continues',
      },
      past: { fault: 'samples of an hour ago', outcome: HELD },
      future: { fault: 'samples of an hour ahead', outcome: HELD },
      endless: { fault: 'an answer without an end', outcome: `given up at 256 MiB; ${HELD}` },
      redirect: {
        fault: 'a redirect to another host',
        outcome: `that host is not asked; ${HELD}`,
        shown: [`${HERE}/prometheus.test.ts`, 'FAULT-4: an answer that leads to another host'],
      },
    },
  },
  nginx: {
    title: 'nginx (embedded)',
    rows: {
      refused: {
        fault: 'it refuses a configuration',
        outcome: 'the old configuration keeps serving; the next valid one is used',
        shown: ['test/contract/edge.test.ts', 'EDGE-4: a configuration that nginx refuses changes nothing'],
      },
      reload: {
        fault: 'a reload fails',
        outcome: 'the change is not reported as done; the message of nginx is given',
        shown: [
          'src/delivery/adapters/nginx/served.test.ts',
          'EDGE-7: what nginx has given up is not waited for',
        ],
      },
      slow: {
        fault: 'it is slow to reload',
        outcome: 'it is waited for; a change counts once nginx serves it',
        shown: ['src/delivery/adapters/nginx/served.test.ts', 'EDGE-7: what comes late is waited for'],
      },
      killed: {
        fault: 'it is not running',
        outcome: 'the weight is unknown; the next change starts it with the whole configuration',
      },
    },
  },
  disk: {
    title: 'The disk, and SQLite',
    rows: {
      full: { fault: 'the disk is full', outcome: REFUSED },
      pages: {
        fault: 'SQLite says that the disk is full',
        outcome: '`LEDGER_FULL`; what was written before remains',
        shown: ['src/ledger/ledger.test.ts', 'LEDGER-8: a full disk refuses the record'],
      },
      files: {
        fault: 'the disk is full while a file is replaced',
        outcome: 'the old file remains, whole; no draft is left behind',
      },
      readOnly: { fault: 'the folder is read-only', outcome: 'refused at the start with `LEDGER_READ_ONLY`' },
      locked: { fault: 'another process has locked the database', outcome: `\`LEDGER_LOCKED\`: ${REFUSED}` },
      writer: {
        fault: 'another server writes the ledger',
        outcome: 'the second one is refused while the first is alive',
        shown: ['src/ledger/ledger.test.ts', 'LEDGER-7: a writer in another process that is killed'],
      },
      cut: { fault: 'the database file is cut in half', outcome: DAMAGED },
      cutShort: { fault: 'the database file is cut within its header', outcome: DAMAGED },
      emptied: { fault: 'the database file is cut to nothing, with a snapshot beside it', outcome: DAMAGED },
      ticks: {
        fault: 'the ledger takes no record during a release',
        outcome: 'nothing is decided or done; the release continues afterwards',
        shown: ['test/sim/faults.test.ts', 'LOOP-13: a ledger that takes no record stops all deciding'],
      },
    },
  },
  postgres: {
    title: 'PostgreSQL',
    rows: {
      restarted: { fault: 'it ends as in a power cut, and starts again', outcome: ONCE },
      exhausted: { fault: 'no connection is left', outcome: `\`LEDGER_FULL\`; ${ONCE} when there is one` },
      standby: { fault: 'it is read-only', outcome: `\`LEDGER_READ_ONLY\`; ${ONCE} when it can be written` },
      cutBefore: { fault: 'the connection is cut before the insert', outcome: ONCE },
      cutAtCommit: { fault: 'the connection is cut before the commit', outcome: ONCE },
      answerLost: {
        fault: 'the connection is cut after the commit: its answer is lost',
        outcome: `found by reading; ${ONCE}`,
      },
      silentInTheMiddle: {
        fault: 'the connection is silent from the insert on',
        outcome: `given up after 10 s; ${ONCE}`,
      },
      silentAtCommit: {
        fault: 'the connection is silent from the commit on',
        outcome: `given up after 10 s; found by reading; ${ONCE}`,
      },
      leader: {
        fault: 'the leader is cut off in the middle of an append',
        outcome: 'another server leads within seconds; the first one writes nothing more',
        shown: [
          'test/contract/ledger.test.ts',
          'LEDGER-10: a writer that is cut off in the middle of an append',
        ],
      },
    },
  },
  forge: {
    title: 'GitHub and Gitea',
    rows: {
      refused: { fault: 'it refuses connections', outcome: RETRIED },
      limited: {
        fault: 'status 429 with Retry-After',
        outcome: 'asked once; not asked again until that time is over',
      },
      limitedSilently: {
        fault: 'status 429 without Retry-After',
        outcome: 'asked once; not asked again for a minute',
      },
      secondary: {
        fault: 'a secondary rate limit (403)',
        outcome: 'asked once; not asked again for a minute',
      },
      storm: { fault: 'status 504 to everything', outcome: RETRIED },
      silent: { fault: 'it accepts connections and never answers', outcome: `given up in time; ${RETRIED}` },
      halfOpen: { fault: 'half an answer, then nothing', outcome: `given up in time; ${RETRIED}` },
      cut: { fault: 'half an answer, then the connection is cut', outcome: RETRIED },
      shortened: {
        fault: 'half of the JSON as a whole answer',
        outcome: `not believed, for a merge neither; ${RETRIED}`,
      },
      page: {
        fault: 'a sign-in page with status 200',
        outcome: `not believed, for a merge neither; ${RETRIED}`,
      },
      lists: {
        fault: 'a list that cannot be read, in each of these ways',
        outcome: 'not taken for an empty list; nothing is posted on top of it',
        shown: [`${HERE}/forge.test.ts`, 'FORGE-31: a list of which the answer is'],
      },
      lost: {
        fault: 'the answer to a post or a merge is lost',
        outcome: 'found done; not done again',
        shown: [`${HERE}/forge.test.ts`, 'FAULT-4: the answer to a post is lost'],
      },
      redirect: {
        fault: 'a redirect to another host',
        outcome: 'that host never gets the token',
        shown: [`${HERE}/forge.test.ts`, 'FAULT-4: a redirect to another host'],
      },
      others: {
        fault: 'a limit of one forge',
        outcome: 'all calls to it wait; another forge is not affected',
        shown: [`${HERE}/forge.test.ts`, 'FAULT-4: a limit holds up the calls of all'],
      },
      hour: {
        fault: 'it is unavailable for an hour during a promotion',
        outcome: 'the promotion continues, once',
        shown: [
          'test/gate/promotion.test.ts',
          'PROMOTE-3: the forge is down for an hour in the middle of it',
        ],
      },
      hanging: {
        fault: 'one pull request hangs',
        outcome: 'the others are decided',
        shown: ['test/gate/isolation.test.ts', 'GATE-22: one that hangs holds up no other'],
      },
    },
  },
  webhooks: {
    title: 'Webhooks',
    rows: {
      storm: {
        fault: 'thousands of valid deliveries',
        outcome: 'the forge is asked, and a decision is recorded, as for one delivery in each tick',
      },
      repeated: {
        fault: 'repeated, forged, too large, or of another forge',
        outcome: 'ignored or refused',
        shown: [
          'test/contract/governance-server.test.ts',
          'API-13: signed it is a hint; unsigned, wrongly signed, replayed',
        ],
      },
      order: {
        fault: 'out of order',
        outcome: 'hints all the same: the forge is asked for its state',
        shown: [
          'test/contract/governance-server.test.ts',
          'API-13: out of order they are hints all the same',
        ],
      },
      lost: {
        fault: 'lost',
        outcome: 'found by polling',
        shown: ['test/gate/gate.test.ts', 'GATE-17: a webhook that was lost is found by polling'],
      },
      alerts: {
        fault: 'alerts repeated and out of order',
        outcome: 'recorded once a change',
        shown: [
          'test/contract/governance-server.test.ts',
          'API-14: once a change, in any order, across restarts',
        ],
      },
    },
  },
  clock: {
    title: 'The clock of the machine',
    rows: {
      forward: {
        fault: 'an hour ahead for some ticks',
        outcome: STEADY,
      },
      forwardALittle: {
        fault: '20 minutes ahead for some ticks',
        outcome: STEADY,
      },
      whileItStarts: {
        fault: 'an hour ahead while a version starts',
        outcome: 'it is not called too late; the release continues',
      },
      freezeAhead: { fault: 'an hour ahead during a freeze', outcome: 'the freeze does not end early' },
      back: {
        fault: 'an hour behind for some ticks',
        outcome: STEADY,
      },
      forwardForMinutes: {
        fault: 'an hour ahead for minutes',
        outcome: STEADY,
      },
      backForMinutes: {
        fault: 'an hour behind for minutes',
        outcome: STEADY,
      },
      freezeAfterBack: {
        fault: 'an hour behind for some ticks during a freeze',
        outcome: 'the freeze neither ends early nor lasts longer',
      },
      corrected: {
        fault: 'an hour ahead for long, then corrected',
        outcome: 'the next release starts at once',
      },
      waivers: {
        fault: 'an hour behind: waivers and posts',
        outcome: 'no expired waiver, later freeze or older post applies again',
        shown: ['test/gate/gate.test.ts', 'GATE-16: a clock that is set back revives nothing'],
      },
      lease: {
        fault: 'any change: who writes the ledger',
        outcome: 'the lease goes by the clock of the database alone',
        shown: ['test/contract/ledger.test.ts', 'LEDGER-10: whoever leads when, nothing is lost'],
      },
      waits: {
        fault: 'set back: subjects that wait for a time',
        outcome: 'all are due at once',
        shown: ['src/controller/flow/due.test.ts', 'DUE-1: a clock that was set back makes no longer wait'],
      },
    },
  },
  descriptors: {
    title: 'No file descriptor left',
    rows: {
      prometheus: {
        fault: 'a query to Prometheus',
        outcome: '`SOURCE_UNAVAILABLE`; the next one is answered',
      },
      github: { fault: 'a call to GitHub', outcome: '`UNAVAILABLE`; the next one is answered' },
      gitea: { fault: 'a call to Gitea', outcome: '`UNAVAILABLE`; the next one is answered' },
      files: { fault: 'a file is replaced', outcome: 'an error; the old file remains' },
      ledger: {
        fault: 'the ledger',
        outcome: 'records are written or refused, never lost; a second ledger is refused',
      },
      repository: { fault: 'Git is called', outcome: 'an error; the next call works' },
    },
  },
} as const satisfies Readonly<Record<string, Part>>;

type PartName = keyof typeof TABLE;

/** The rows of a part with a trial for each: a row without one, or a trial without a row, is an error. */
export function rowsOf<T>(part: PartName, trials: Readonly<Record<string, T>>): [string, string, T][] {
  const rows: Readonly<Record<string, Row>> = TABLE[part].rows;
  const open = Object.keys(rows).filter((key) => !rows[key]!.shown);
  const [wanted, given] = [open.toSorted().join(), Object.keys(trials).toSorted().join()];
  if (wanted !== given) throw new Error(`${part} has rows ${wanted}, and trials ${given}`);
  return open.map((key) => [rows[key]!.fault, rows[key]!.outcome, trials[key]!]);
}

/** Every row of the table that is shown elsewhere. */
export const shownElsewhere = (): (readonly [file: string, title: string])[] =>
  Object.values<Part>(TABLE).flatMap(({ rows }) =>
    Object.values(rows).flatMap(({ shown }) => (shown ? [shown] : [])),
  );

/** The page of the documentation. */
export function partsPage(): string {
  const tables = Object.values<Part>(TABLE).map(({ title, rows }) => {
    const lines = Object.values(rows).map(({ fault, outcome }) => `| ${fault} | ${outcome} |`);
    return `## ${title}\n\n| fault | outcome |\n| --- | --- |\n${lines.join('\n')}\n`;
  });
  return `# Faults of dependencies
What Sluice does when a part that it depends on fails. Each row is a test on real parts, or on a server that fails in this way (\`test/trust/faults\`); \`npm run generate\` creates this page from the rows.

In every row nothing is promoted because of the fault, no version is blamed, nothing that was recorded or posted is lost or repeated, and work continues when the fault ends. [What you see when a part fails](failures.md). [Who is blamed for which fault of a release](../faults.md).

${tables.join('\n')}`;
}
