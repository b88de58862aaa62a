import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { MEASURED_MS, measuresFold, measuresOf } from '../src/controller/measures.ts';
import { promotionsFold } from '../src/gitops/fold.ts';
import { governanceFold } from '../src/governance/fold.ts';
import { canonicalText } from '../src/kit/canonical.ts';
import { sha256 } from '../src/kit/digest.ts';
import { sqliteLedger } from '../src/ledger/adapters/sqlite/ledger.ts';
import type { AnyFold } from '../src/ledger/fold.ts';
import { chunksOf } from '../src/ledger/history.ts';
import { openJournal } from '../src/ledger/journal.ts';
import type { LedgerPort } from '../src/ledger/port.ts';
import type { LedgerRecord } from '../src/ledger/record.ts';
import { main } from '../src/main.ts';
import { searchAudit } from '../src/server/audit.ts';
import { SERVER_FOLDS } from '../src/server/folds.ts';
import { pastReleases } from '../src/server/past-releases.ts';
import { bytesPerRelease } from '../test/fleet-loop.ts';
import { releaseShapes, repeated, surroundings } from '../test/history.ts';

const ENVIRONMENTS = ['dev', 'stage', 'prod'] as const;
const SERVICES = 30;
/** So many batches go into one transaction: appending is not what is measured. */
const BATCHES = 50;

/** A ledger of about so many records: the real loop's, repeated over thirty services in three environments. */
async function writeHistory(file: string, records: number): Promise<void> {
  const shapes = await releaseShapes();
  const ledger = await sqliteLedger({ file, id: 'bench' });
  try {
    let batches = 0;
    let entries = [];
    let written = 0;
    for (const batch of repeated(shapes, {
      services: SERVICES,
      environments: ENVIRONMENTS,
      rounds: records,
    })) {
      entries.push(...batch);
      if (++batches % BATCHES !== 0 && written + entries.length < records) continue;
      written += (await ledger.append(entries)).length;
      entries = [];
      if (written >= records) return;
    }
  } finally {
    await ledger.close();
  }
}

export interface Start {
  readonly records: number;
  readonly cpuSeconds: number;
  readonly memoryMb: number;
}

const startOf = (file: string, ...more: string[]): Start =>
  JSON.parse(
    execFileSync(process.execPath, [join(import.meta.dirname, 'flow-start.ts'), file, ...more], {
      encoding: 'utf8',
    }),
  ) as Start;

/** How a record was verified before docs/decisions/0012: parsed, and written anew twice. */
function verifiedAsBefore(texts: readonly string[]): number {
  let sound = 0;
  for (const text of texts) {
    const record = JSON.parse(text) as LedgerRecord;
    const { hash, ...open } = record;
    if (sha256(canonicalText(open)) === hash && canonicalText(record) === text) sound++;
  }
  return sound;
}

export interface Rates {
  readonly before: number;
  readonly now: number;
}

const MOST_VERIFIED_AS_BEFORE = 20_000;

const TRIES = 3;

/** Records a second of wall clock, read from the ledger in both ways, in turn; the best of a few tries. */
async function verificationRates(ledger: LedgerPort): Promise<Rates> {
  const rates = { before: 0, now: 0 };
  for (let i = 0; i < TRIES; i++) {
    const began = performance.now();
    const { records, ok } = await ledger.history.verify();
    if (!ok) throw new Error('the ledger does not verify');
    rates.now = Math.max(rates.now, (1_000 * records) / (performance.now() - began));
    const begunBefore = performance.now();
    const texts = await ledger.texts({ limit: MOST_VERIFIED_AS_BEFORE });
    if (verifiedAsBefore(texts) !== texts.length) throw new Error('it does not verify as before');
    rates.before = Math.max(rates.before, (1_000 * texts.length) / (performance.now() - begunBefore));
  }
  return rates;
}

export interface Reading {
  readonly what: string;
  readonly cpuSeconds: number;
  /** The longest time in which the deciding thread did nothing else. */
  readonly silentMs: number;
}

const SEEN_MS = 20;

async function reading(what: string, work: () => Promise<unknown>): Promise<Reading> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const before = process.cpuUsage();
  delay.enable();
  await work();
  const { user, system } = process.cpuUsage(before);
  // What kept the thread to the end is seen once it has a turn again.
  await new Promise((seen) => setTimeout(seen, SEEN_MS));
  delay.disable();
  return { what, cpuSeconds: (user + system) / 1e6, silentMs: delay.max / 1e6 };
}

/** A command of the command line over this work folder, in this process; it has to say yes. */
async function command(work: string, ...args: string[]): Promise<void> {
  const quiet = { out: () => {}, err: () => {}, outTty: false, errTty: false };
  const io = { ...quiet, env: process.env, cwd: work, signal: new AbortController().signal };
  const exit = await main([...args, '--work', work, '--json'], io);
  if (exit !== 0) throw new Error(`sluice ${args.join(' ')} exits ${exit}`);
}

/** What is listed and told from folds and from single releases, as a server does it. */
async function ofReleases(work: string, ledger: LedgerPort): Promise<Reading[]> {
  const journal = await openJournal(ledger, SERVER_FOLDS);
  const past = pastReleases(journal);
  const newest = past.list().at(-1)!.id;
  const [opened] = await ledger.history.page({ after: 0, type: 'release.opened', limit: 1 });
  const oldest = (JSON.parse(opened!) as { data: { release: string } }).data.release;
  const told = async (id: string) => {
    if (!(await past.find(id))) throw new Error(`${id} is not found`);
  };
  const now = (JSON.parse((await ledger.history.page({ limit: 1 }))[0]!) as LedgerRecord).at;
  const measured = () => measuresOf(journal.state(measuresFold), ENVIRONMENTS, null, now, MEASURED_MS);
  // Loaded and compiled before it is measured, as in a process that lives.
  await command(work, 'ledger', 'list', '--limit', '1');
  await command(work, 'ledger', 'explain', newest);
  return [
    await reading('releases: the list', async () => JSON.stringify(past.list())),
    await reading('releases: the newest', () => told(newest)),
    await reading('releases: the oldest', () => told(oldest)),
    await reading('measures', async () => measured()),
    await reading('ledger list --limit 50', () => command(work, 'ledger', 'list', '--limit', '50')),
    await reading('ledger show', () => command(work, 'ledger', 'show', '5')),
    await reading('ledger explain, the newest', () => command(work, 'ledger', 'explain', newest)),
    await reading('ledger explain, the oldest', () => command(work, 'ledger', 'explain', oldest)),
  ];
}

/** What people ask of the past, while this thread would decide. */
async function readings(ledger: LedgerPort): Promise<Reading[]> {
  const { history } = ledger;
  const search = (query: object) => () => searchAudit(history, query, undefined, 100);
  return [
    await reading('audit: newest', search({})),
    await reading('audit: one lane', search({ service: 'checkout-7', environment: 'prod' })),
    await reading('audit: words that are nowhere', search({ text: 'nowhere to be found' })),
    await reading('audit: a time long ago', search({ to: 1_700_000_000_000 + 3_600_000 })),
    await reading('verification', () => history.verify()),
    await reading('export', async () => {
      for await (const chunk of chunksOf(history)) chunk.map((text) => `${text}\n`).join('');
    }),
  ];
}

export interface Growth {
  readonly fold: string;
  readonly small: number;
  readonly large: number;
}

const secondsOf = (fold: AnyFold, records: readonly LedgerRecord[]): number => {
  const begun = process.cpuUsage();
  records.reduce(fold.apply, fold.initial);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1e6;
};

const MANY = 10_000;
const TIMES = 4;

/** One kind of record many times over: CPU seconds of ten thousand, and of four times as many. */
function growthOf(fold: AnyFold, type: string): Growth {
  const made = Array.from({ length: TIMES * MANY }, (_, i) =>
    surroundings('cart', 'prod', i, i)
      .filter((e) => e.type === type)
      .slice(0, 1),
  ).flat() as LedgerRecord[];
  // Compiled before it is measured.
  secondsOf(fold, made.slice(0, MANY));
  return {
    fold: `${fold.name}: ${type}`,
    small: secondsOf(fold, made.slice(0, MANY)),
    large: secondsOf(fold, made),
  };
}

const IN_FLIGHT = [10, 100, 600] as const;

/** Of the ledger, a release, with so many in flight. */
export interface Bytes {
  readonly inFlight: number;
  readonly bytes: number;
  /** Of them texts of queries. */
  readonly queries: number;
}

export interface FlowFigures {
  readonly whole: Start;
  readonly small: Start;
  readonly fromSnapshot: Start;
  readonly rates: Rates;
  readonly readings: readonly Reading[];
  readonly growth: readonly Growth[];
  readonly bytes: readonly Bytes[];
}

/** What a server costs that has a history behind it. */
export async function flow(records: number): Promise<FlowFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-flow-'));
  try {
    const few = join(folder, 'few.sqlite');
    const many = join(folder, 'ledger.sqlite');
    await writeHistory(few, Math.round(records / 10));
    await writeHistory(many, records);
    const small = startOf(few);
    const whole = startOf(many, '--keep');
    const fromSnapshot = startOf(many);
    const ledger = await sqliteLedger({ file: many, id: 'bench' });
    try {
      const rates = await verificationRates(ledger);
      const read = [...(await readings(ledger)), ...(await ofReleases(folder, ledger))];
      const growth = [
        growthOf(promotionsFold, 'proposal.opened'),
        growthOf(governanceFold, 'freeze.set'),
        growthOf(governanceFold, 'waiver.granted'),
      ];
      const bytes: Bytes[] = [];
      for (const inFlight of IN_FLIGHT) bytes.push({ inFlight, ...(await bytesPerRelease(inFlight)) });
      return { whole, small, fromSnapshot, rates, readings: read, growth, bytes };
    } finally {
      await ledger.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
