import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askedLive, askedOf, decisionsIn, releasesIn } from './answers.ts';
import {
  type About,
  type Answers,
  declarationOf,
  FILES,
  type Place,
  readText,
  write,
  writeJson,
} from './files.ts';
import {
  asOf,
  type Json,
  type LedgerPort,
  type LedgerRecord,
  type Platform,
  platformOf,
  statesOf,
} from './folds.ts';
import { emptyLedger, ledgerCommand, serverOver, sluice } from './server.ts';

/** Equal parts of a ledger at whose ends all states are kept: releases are in flight there. */
const PARTS = 4;
/** Folds of few records and short-lived states: kept after each of these records, too. */
const RARE = /^(freeze|waiver|budget)\./;
const OF_RARE = ['governance', 'freezes', 'budgets'];

/** Where states are kept, and of which folds: on the way, right before the last record of each type, and at the end. */
function placesIn(records: readonly LedgerRecord[]): Map<number, readonly string[] | undefined> {
  const rare = records.filter((r) => RARE.test(r.type)).map((r) => [r.seq, OF_RARE] as const);
  const last = new Map(records.map((r) => [r.type, r.seq - 1])).values();
  const parts = Array.from({ length: PARTS }, (_, i) => Math.floor((records.length * (i + 1)) / PARTS));
  const whole = [...parts, ...last].filter((seq) => seq > 0).map((seq) => [seq, undefined] as const);
  return new Map([...rare, ...whole].sort(([a], [b]) => a - b));
}

export async function placesOf(platform: Platform, ledger: LedgerPort, at: number): Promise<Place[]> {
  const records = await ledger.read();
  const whole = await asOf(ledger, records.length);
  const places: Place[] = [];
  for (const [seq, names] of placesIn(records)) {
    const now = seq === records.length ? at : records[seq - 1]!.at;
    places.push({ seq, at: now, states: await statesOf(platform, await asOf(whole, seq), now, names) });
  }
  return places;
}

/** What `sluice ledger explain` says of every release and decision. */
export async function explanationsOf(ledger: LedgerPort, records: readonly LedgerRecord[]) {
  const told: Record<string, Json> = {};
  for (const id of [...releasesIn(records), ...decisionsIn(records)])
    told[id] = JSON.parse((await ledgerCommand(ledger, 'explain', id, '--json')).out) as Json;
  return told;
}

export const slosOf = (platform: Platform) =>
  platform.environments.flatMap((e) => platform.slos.map((slo) => [e.name, slo.name] as const));

export async function answersOf(
  platform: Platform,
  ledger: LedgerPort,
  paths: readonly string[],
  at: number,
): Promise<Answers> {
  const ask = await serverOver(platform, ledger, at);
  const answers: Record<string, Answers[string]> = {};
  for (const path of paths) {
    const { status, text } = await ask(path);
    answers[path] = { status, body: JSON.parse(text) as Json };
  }
  return answers;
}

/** A running server, as anybody asks it. */
export interface Live {
  readonly url: string;
  readonly token?: string;
}

async function askLive({ url, token }: Live, path: string) {
  const answer = await fetch(`${url}${path}`, token ? { headers: { authorization: `Bearer ${token}` } } : {});
  return { status: answer.status, body: (await answer.json()) as Json };
}

const headOf = async (live: Live) =>
  ((await askLive(live, '/api/v1/overview')).body as { ledger: { seq: number } }).ledger.seq;

export interface LiveAnswers {
  readonly at: number;
  readonly answers: Answers;
}

/** What a server answers while its ledger stays as it is; null: a record came in between. */
export async function sweep(live: Live, records: readonly LedgerRecord[]): Promise<LiveAnswers | null> {
  const { body } = await askLive(live, '/api/v1/pulls');
  const pulls = (body as { pulls: { number: number }[] }).pulls.map((p) => p.number);
  const at = Date.now();
  const answers: Record<string, Answers[string]> = {};
  for (const path of askedLive(records, pulls)) answers[path] = await askLive(live, path);
  return (await headOf(live)) === records.at(-1)!.seq ? { at, answers } : null;
}

export interface Kept {
  readonly about: Omit<About, 'schema' | 'ledger' | 'head'>;
  readonly ledger: LedgerPort;
  readonly declaration: string;
  readonly live: LiveAnswers;
  readonly into: string;
}

function copyDeclaration(from: string, into: string): void {
  mkdirSync(into, { recursive: true });
  // What else lies there is not declared: versions of the shop, for one.
  for (const file of readdirSync(from).filter((name) => name.endsWith('.yaml')))
    if (/^apiVersion:/m.test(readFileSync(join(from, file), 'utf8')))
      cpSync(join(from, file), join(into, file));
}

/** Writes everything that later versions are compared with, but for the stored ledger itself. */
export async function keep({ about, ledger, declaration, live, into }: Kept): Promise<void> {
  const file = (name: keyof typeof FILES) => join(into, FILES[name]);
  copyDeclaration(declaration, file('declaration'));
  const platform = platformOf(declarationOf(into));
  const records = await ledger.read();
  const paths = askedOf(records, slosOf(platform));
  write(file('jsonl'), (await ledgerCommand(ledger, 'export', '--format', 'jsonl')).out);
  write(file('cloudevents'), (await ledgerCommand(ledger, 'export', '--format', 'cloudevents')).out);
  writeJson(file('replay'), await replayOf(into));
  writeJson(file('states'), await placesOf(platform, ledger, about.at));
  writeJson(file('explanations'), await explanationsOf(ledger, records));
  writeJson(file('answers'), await answersOf(platform, ledger, paths, about.at));
  writeJson(file('live'), live);
  const head = await ledger.head();
  writeJson(file('about'), { schema: 'sluice.dev/kept/v1', ledger: ledger.id, head, ...about });
}

/** What `sluice replay` says of every release of a kept export, judged again by the declaration of that time. */
export async function replayOf(folder: string): Promise<Json> {
  const work = mkdtempSync(join(tmpdir(), 'sluice-replay-'));
  const jsonl = join(work, 'export.jsonl');
  writeFileSync(jsonl, readText(join(folder, FILES.jsonl)));
  const declared = join(work, 'declaration');
  mkdirSync(declared);
  for (const { file, text } of declarationOf(folder)) writeFileSync(join(declared, file), text);
  const done = await sluice(['replay', declared, '--file', jsonl, '--json'], work);
  rmSync(work, { recursive: true });
  if (done.exit !== 0) throw new Error(`sluice replay: exit ${done.exit}: ${done.out}`);
  return JSON.parse(done.out) as Json;
}

/** The description of the API, as a server gives it whatever its ledger holds. */
export async function openapiOf(platform: Platform): Promise<Json> {
  const ask = await serverOver(platform, emptyLedger(), 0);
  return JSON.parse((await ask('/openapi.json')).text) as Json;
}
