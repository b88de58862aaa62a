import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';
import { type Postgres, startPostgres } from '../postgres.ts';
import { decisionsIn, outsideOf, stillTold } from './answers.ts';
import { lost, without } from './compare.ts';
import { type DecisionData, decisionsOf, type KeptDecision, policyFile } from './decisions.ts';
import {
  type Answers,
  declarationOf,
  FILES,
  KEPT,
  type KeptLedger,
  keptLedgers,
  keptVersions,
  linesOf,
  OPENAPI,
  type Place,
  readBytes,
  readJson,
  readText,
  recordsOf,
  VERSION,
  type Version,
} from './files.ts';
import {
  asOf,
  authorsToldBy,
  broughtIn,
  type Json,
  type LedgerPort,
  type LedgerRecord,
  type Platform,
  platformOf,
  recomputeBy,
  recordTypes,
  statesOf,
  verifyChain,
  whoseToken,
  writtenAnew,
} from './folds.ts';
import { answersOf, openapiOf, replayOf } from './keeping.ts';
import { ledgerCommand, sluice } from './server.ts';
import { type Copy, copyOf } from './stores.ts';

const never = () => false;
const anywhere = () => true;
/** Answers may tell of more transitions than there were, and of more that happened. */
const inAnswers = (path: string) => /\.(machine|timeline)$/.test(path);
const ledgers = keptLedgers();
let postgres: Postgres | null = null;
beforeAll(async () => {
  if (ledgers.some(({ about }) => about.store === 'postgres')) postgres = await startPostgres();
});
afterAll(async () => {
  await postgres?.stop();
});

const fresh = (kept: KeptLedger): Promise<Copy> =>
  copyOf(kept, temporaryFolder('kept'), postgres?.url ?? null);
const known = { actor: { id: 'kept', kind: 'machine' }, cause: null, subject: 'kept', type: 'kept', v: 1 };

it('KEPT-1: there is something to compare with, in each kind of store', () => {
  expect(keptVersions().length).toBeGreaterThan(0);
  expect(new Set(ledgers.map(({ about }) => about.store))).toContain('sqlite');
});

describe.each(ledgers.map((kept) => [kept.name, kept] as const))('the ledger of %s', (_, kept) => {
  const { folder, about } = kept;
  const file = (name: keyof typeof FILES) => join(folder, FILES[name]);
  const kepts = <T = Json>(name: keyof typeof FILES): T => readJson<T>(file(name));
  let copy: Copy;
  let ledger: LedgerPort;
  let texts: readonly string[];
  let records: readonly LedgerRecord[];
  let platform: Platform;

  beforeAll(async () => {
    copy = await fresh(kept);
    ledger = await copy.open();
    texts = await ledger.texts();
    records = await ledger.read();
    platform = platformOf(declarationOf(folder));
  });
  afterAll(async () => {
    await ledger?.close();
  });

  it('KEPT-1: it opens with every record, stays as it is, and goes on', async () => {
    const other = await fresh(kept);
    const before = await other.stored();
    const opened = await other.open();
    expect(opened.id).toBe(about.ledger);
    expect(await opened.head()).toEqual(about.head);
    expect(await opened.read()).toHaveLength(about.head.seq);
    await opened.close();
    expect(await other.stored()).toEqual(before);
    const again = await other.open();
    const [next] = await again.append([{ ...known, at: about.at, data: { kept: true } }]);
    expect(next).toMatchObject({ seq: about.head.seq + 1, prev: about.head.hash });
    expect(verifyChain(await again.texts())).toMatchObject({ ok: true, records: about.head.seq + 1 });
    await again.close();
  });

  it('KEPT-2: it is verified, by the chain and by the command', async () => {
    expect(verifyChain(texts)).toEqual({
      ok: true,
      records: about.head.seq,
      head: about.head,
      breaks: [],
    });
    const verified = await ledgerCommand(ledger, 'verify', '--json');
    expect(verified.exit).toBe(0);
    expect(JSON.parse(verified.out)).toMatchObject({ ok: true, head: about.head });
  });

  it.each([
    ['a changed byte', 'CHANGED', (t: readonly string[], i: number) => t.with(i, oneByteOff(t[i]!))],
    ['a record that is gone', 'GAP', (t: readonly string[], i: number) => t.toSpliced(i, 1)],
    ['two in the wrong order', 'GAP', (t: readonly string[], i: number) => swapped(t, i)],
    ['one twice', 'GAP', (t: readonly string[], i: number) => t.toSpliced(i, 0, t[i]!)],
  ])('KEPT-2: %s is found wherever it is', (_name, code, change) => {
    for (const i of [0, 1, Math.floor(texts.length / 2), texts.length - 2]) {
      const { ok, breaks } = verifyChain(change(texts, i));
      expect(ok).toBe(false);
      expect(breaks[0]).toMatchObject({ code });
      expect(breaks[0]!.line).toBeGreaterThan(i);
      expect(breaks[0]!.line).toBeLessThanOrEqual(i + 2);
    }
  });

  it('KEPT-2: a record that was written anew, with a hash of its own, is found by the one after it', () => {
    for (const i of [0, Math.floor(texts.length / 2), texts.length - 2]) {
      const { ok, breaks } = verifyChain(texts.with(i, writtenAnew(records[i]!, { at: 1 })));
      expect(ok).toBe(false);
      expect(breaks).toMatchObject([{ code: 'WRONG_PREVIOUS', line: i + 2 }]);
    }
  });

  it('KEPT-2: a byte that was changed in the store itself is found, and its record named', async () => {
    const other = await fresh(kept);
    const seq = Math.floor(texts.length / 3);
    await other.rewrite(seq, oneByteOff(texts[seq - 1]!));
    const opened = await other.open();
    const { exit, out } = await ledgerCommand(opened, 'verify', '--json');
    await opened.close();
    expect(exit).toBe(1);
    expect((JSON.parse(out) as { breaks: object[] }).breaks[0]).toMatchObject({ seq, code: 'CHANGED' });
  });

  it('KEPT-3: its exports are those that were kept, byte for byte', async () => {
    for (const [format, name] of [
      ['jsonl', 'jsonl'],
      ['cloudevents', 'cloudevents'],
    ] as const) {
      const { exit, out } = await ledgerCommand(ledger, 'export', '--format', format);
      expect(exit).toBe(0);
      expect(out === readText(file(name)), format).toBe(true);
    }
    expect(`${texts.join('\n')}\n` === readText(file('jsonl'))).toBe(true);
  });

  it('KEPT-3: the command line exports and verifies it in its folder, and leaves every byte of it', async () => {
    const { work } = await fresh(kept);
    if (work === null) return;
    const stored = () => readFileSync(join(work, 'ledger.sqlite'));
    const before = stored();
    for (const [format, name] of [
      ['jsonl', 'jsonl'],
      ['cloudevents', 'cloudevents'],
    ] as const) {
      const { exit, out } = await sluice(['ledger', 'export', '--format', format, '--work', work], work);
      expect(exit).toBe(0);
      expect(out === readText(file(name)), format).toBe(true);
    }
    expect((await sluice(['ledger', 'verify', '--work', work, '--json'], work)).exit).toBe(0);
    expect(stored().equals(before)).toBe(true);
  });

  it('KEPT-4: every fold reaches the states that were kept, at the end and on the way there', async () => {
    const places = kepts<Place[]>('states');
    expect(places.at(-1)).toMatchObject({ seq: about.head.seq, at: about.at });
    const whole = await asOf(ledger, about.head.seq);
    for (const { seq, at, states } of places) {
      const now = await statesOf(platform, await asOf(whole, seq), at, Object.keys(states));
      expect(lost(states as Json, now as Json, never, `states at record ${seq}`)).toEqual([]);
    }
  });

  it('KEPT-15: who brought an artefact is known from the decisions, and its author is told again from the records before', async () => {
    const brought = new Map(
      records
        .filter((r) => r.type === 'gate.decided')
        .flatMap((r) =>
          changesIn(r).flatMap((change): [string, number][] =>
            change.to
              ? [[`${change.service}/${change.environment}@${change.to.digest}`, pullIn(r.subject)]]
              : [],
          ),
        ),
    );
    expect(brought.size).toBeGreaterThan(0);
    expect(await broughtIn(await asOf(ledger, about.head.seq))).toEqual(brought);
    const told = records.filter((r) => r.type === 'author.told');
    expect(told.length).toBeGreaterThan(0);
    for (const { seq, at, data } of told) {
      const before = await asOf(ledger, seq - 1);
      expect(await authorsToldBy(platform, before, at)).toContain((data as { pull: number }).pull);
    }
  });

  it('KEPT-5: every release and decision is explained with all that was told then', async () => {
    for (const [id, told] of Object.entries(kepts<Record<string, Json>>('explanations'))) {
      const { exit, out } = await ledgerCommand(ledger, 'explain', id, '--json');
      expect(exit, id).toBe(0);
      expect(lost(told, JSON.parse(out) as Json, never, id)).toEqual([]);
    }
  });

  it('AUDIT-1: every decision in it is recomputed from its facts by the policy in it', async () => {
    const ids = decisionsIn(records);
    expect(ids.length).toBeGreaterThan(0);
    for (const id of ids) {
      const { exit, out } = await ledgerCommand(ledger, 'replay', id, '--json');
      expect(JSON.parse(out), id).toMatchObject({ same: true, inputSame: true, policySame: true });
      expect(exit).toBe(0);
    }
  });

  it('KEPT-7: its releases are judged again to the same outcomes and numbers', async () => {
    const replay = kepts('replay');
    expect((replay as { releases: Json[] }).releases.length).toBeGreaterThan(0);
    expect(lost(replay, await replayOf(folder), never, 'replay')).toEqual([]);
  });

  it('KEPT-8: a server over it answers all that was answered then', async () => {
    const answers = kepts<Answers>('answers');
    const now = await answersOf(platform, ledger, Object.keys(answers), about.at);
    for (const [path, { status, body }] of Object.entries(answers)) {
      expect(now[path]!.status, path).toBe(status);
      expect(lost(stillTold(path, body, now[path]!.body), now[path]!.body, inAnswers, path)).toEqual([]);
    }
  });

  it('KEPT-9: what a running server answered is what its ledger tells', async () => {
    const { at, answers } = kepts<{ at: number; answers: Answers }>('live');
    expect(at).toBe(about.at);
    const told = Object.entries(answers).filter(([path]) => outsideOf(path) !== null);
    expect(told.length).toBeGreaterThan(5);
    const now = await answersOf(
      platform,
      ledger,
      told.map(([path]) => path),
      at,
    );
    for (const [path, { status, body }] of told) {
      const outside = outsideOf(path)!;
      expect(status, path).toBe(200);
      const today = now[path]!.body;
      const then = stillTold(path, body, today);
      expect(lost(without(then, outside), without(today, outside), inAnswers, path)).toEqual([]);
    }
  });

  it('KEPT-9: what a running server said of pull requests is what was decided', () => {
    const { answers } = kepts<{ answers: Answers }>('live');
    const { pulls } = answers['/api/v1/pulls']!.body as unknown as { pulls: Pull[] };
    const decided = new Map(
      records
        .filter((r) => r.type === 'gate.decided')
        .map((r) => [(r.data as DecisionData).decision.id, r.data as DecisionData]),
    );
    expect(pulls.length).toBeGreaterThan(0);
    for (const { decision: id, allow, deny, number } of pulls) {
      const { decision, facts } = decided.get(id)!;
      expect(decision.allow).toBe(allow);
      expect(decision.deny.map((d) => d.code)).toEqual(deny.map((d) => d.code));
      expect((facts as { pullRequest: { number: number } }).pullRequest.number).toBe(number);
    }
  });

  it('KEPT-10: a token that was made in it is known by it', async () => {
    if (about.token === null) return;
    // Later versions know of whom it is as well.
    expect(await whoseToken(ledger, about.token.secret)).toMatchObject(about.token.actor as object);
    expect(await whoseToken(ledger, `${about.token.secret}x`)).toBeNull();
  });
});

interface Brought {
  readonly service: string;
  readonly environment: string;
  readonly to?: { readonly digest: string };
}

const changesIn = (record: LedgerRecord): readonly Brought[] =>
  ((record.data as DecisionData).facts as unknown as { changes: readonly Brought[] }).changes;

const pullIn = (subject: string): number => Number(subject.replace('pull/', ''));

interface Pull {
  readonly number: number;
  readonly decision: string;
  readonly allow: boolean;
  readonly deny: readonly { readonly code: string }[];
}

/** Another digit in the middle of a text: still JSON, and another record. */
function oneByteOff(text: string): string {
  const at = [...text.matchAll(/[1-8]/g)].find(({ index }) => index >= text.length / 2)!.index;
  return `${text.slice(0, at)}${Number(text[at]) + 1}${text.slice(at + 1)}`;
}

const swapped = (texts: readonly string[], i: number): string[] => [
  ...texts.slice(0, i),
  texts[i + 1]!,
  texts[i]!,
  ...texts.slice(i + 2),
];

describe.each(keptVersions())('version %s', (version) => {
  const folder = join(KEPT, version);
  const mine = ledgers.filter(({ name }) => name.startsWith(`${version}/`));
  const decisions = decisionsOf(folder);
  const dataOf = ({ record }: KeptDecision) => record.data as DecisionData;
  const recompute = (record: LedgerRecord) =>
    recomputeBy(record, readBytes(policyFile(folder, (record.data as DecisionData).decision.policy.digest)));

  it('KEPT-6: its decisions, twenty or more, are recomputed from their facts by the policy that was kept beside them', async () => {
    expect(decisions.length).toBeGreaterThanOrEqual(20);
    expect(new Set(decisions.map((d) => dataOf(d).decision.allow))).toEqual(new Set([true, false]));
    for (const { record } of decisions)
      expect(await recompute(record)).toMatchObject({ same: true, inputSame: true, policySame: true });
  });

  it('KEPT-6: with one fact changed none of them is', async () => {
    for (const { record } of decisions) {
      const data = structuredClone(record.data) as { facts: { pullRequest: { title: string } } };
      data.facts.pullRequest.title += '!';
      expect(await recompute({ ...record, data })).toMatchObject({ same: false, inputSame: false });
    }
  });

  it('KEPT-11: whoever asks the API as it was described then is understood, and finds what was there', async () => {
    const then = readJson<OpenApi>(join(folder, OPENAPI));
    const now = (await openapiOf(platformOf(declarationOf(mine[0]!.folder)))) as unknown as OpenApi;
    expect(lost(then as unknown as Json, now as unknown as Json, anywhere, 'openapi')).toEqual([]);
    expect(demandsOf(now).filter((d) => isAsked(then, d) && !demandsOf(then).includes(d))).toEqual([]);
  });

  it('KEPT-12: every type of record that it wrote is still known, and it is said which of them were not kept', () => {
    const { types } = readJson<Version>(join(folder, VERSION));
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    const held = new Map(mine.map((k) => [k.name.split('/')[1]!, new Set(recordsOf(k).map((r) => r.type))]));
    for (const set of held.values()) for (const type of set) expect(types).toHaveProperty([type]);
    for (const [type, names] of Object.entries(types)) {
      expect(recordTypes(), type).toContain(type);
      expect([...held].filter(([, set]) => set.has(type)).map(([name]) => name)).toEqual(names);
      const line = linesOf(readme).find((l) => l.startsWith(`| \`${type}\``));
      expect(line, type).toBeDefined();
      if (names.length === 0) expect(line).toContain('not kept');
      else for (const name of names) expect(line).toContain(name);
    }
  });
});

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly required?: boolean }[];
  readonly requestBody?: {
    readonly content: Readonly<
      Record<string, { readonly schema: { readonly required?: readonly string[] } }>
    >;
  };
}

/** What a caller has to give: `post /path name`. */
const demandsOf = ({ paths }: OpenApi): string[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([verb, { parameters = [], requestBody }]) => [
      ...parameters.filter((p) => p.required).map((p) => `${verb} ${path} ${p.name}`),
      ...Object.values(requestBody?.content ?? {}).flatMap(({ schema }) =>
        (schema.required ?? []).map((name) => `${verb} ${path} ${name}`),
      ),
    ]),
  );

/** Whether an operation was there already: a new one may demand what it likes. */
function isAsked({ paths }: OpenApi, demand: string): boolean {
  const [verb, path] = demand.split(' ') as [string, string];
  return paths[path]?.[verb] !== undefined;
}
