import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { alertReceiver } from '../../../src/controller/alerts.ts';
import { compile } from '../../../src/controller/compile.ts';
import { askPolicy } from '../../../src/controller/gate/decide.ts';
import { checkedReading, filesOf, uniqueReading } from '../../../src/declaration/import/bundle.ts';
import { importFlagger } from '../../../src/declaration/import/flagger.ts';
import { importOpenSlo } from '../../../src/declaration/import/openslo-documents.ts';
import { importPyrra } from '../../../src/declaration/import/pyrra.ts';
import type { Reading } from '../../../src/declaration/import/reading.ts';
import { adopt } from '../../../src/declaration/import/rollouts/adopt.ts';
import { readManifests } from '../../../src/declaration/import/rollouts/resources.ts';
import { importSloth } from '../../../src/declaration/import/sloth.ts';
import { localDay, readRecurrence } from '../../../src/declaration/recurrence.ts';
import { recurringDays } from '../../../src/declaration/recurrence-days.ts';
import { judgeTrace, traceSchema } from '../../../src/delivery/trace.ts';
import { hint as giteaHint } from '../../../src/gitops/adapters/forge-gitea/webhooks.ts';
import { hint as githubHint } from '../../../src/gitops/adapters/forge-github/webhooks.ts';
import { parseDesired } from '../../../src/gitops/desired.ts';
import { wasmPolicy } from '../../../src/governance/adapters/opa-wasm/policy.ts';
import { sha256 } from '../../../src/kit/digest.ts';
import { parseForeign } from '../../../src/kit/json.ts';
import { byPlace, type Problem, problemLine } from '../../../src/kit/problem.ts';
import { memoryLedger } from '../../../src/ledger/adapters/memory/ledger.ts';
import { parseSelectorSum } from '../../../src/promql/parse.ts';
import { printExpression } from '../../../src/promql/print.ts';
import { readExpression } from '../../../src/promql/read.ts';
import { checkTypes } from '../../../src/promql/types.ts';
import { EVERYTHING } from '../../everything.ts';
import { journalOver } from '../../journal.ts';
import { POLICY } from '../../policy/engines.ts';

/** Something that reads what others wrote. It answers, or throws an error that its callers know. */
interface Parser {
  readonly name: string;
  /** Throws where it is answered in a way that it must not be. */
  read(text: string): Promise<unknown> | unknown;
}

/** What is wrong with an answer, not with an input. */
function must(condition: boolean, why: string): void {
  if (!condition) throw new Error(`broken promise: ${why}`);
}

/** Every problem says where it is, on one line, in whole characters. */
function toldWell(problems: readonly Problem[]): void {
  for (const problem of [...problems].sort(byPlace)) {
    const line = problemLine(problem);
    must(Number.isInteger(problem.line) && problem.line > 0, `a problem names no line: ${line}`);
    must(
      problem.code !== '' && problem.message.trim() !== '',
      `a problem says nothing: ${JSON.stringify(problem)}`,
    );
    must(!/[\r\n\u2028\u2029]/.test(line), `a problem is more than one line: ${JSON.stringify(line)}`);
    must(line.isWellFormed(), 'a problem holds half of a character');
  }
}

function imported(reading: Reading): void {
  const checked = uniqueReading(checkedReading(reading, compile));
  toldWell(checked.problems);
  const files = [...filesOf(checked.brought)].map(([file, text]) => ({ file, text }));
  for (const { file } of files) must(/^[a-z0-9][-a-z0-9]*\.yaml$/.test(file), `it would write ${file}`);
  // What is brought over is a declaration.
  if (files.length > 0)
    must(compile(files, { platform: 'optional' }).ok, 'what was brought over is not a declaration');
}

const importer =
  (read: (files: readonly { file: string; text: string }[]) => Reading) =>
  (text: string): void =>
    imported(read([{ file: 'in.yaml', text }]));

const REST = Object.entries(EVERYTHING).map(([file, text]) => ({ file, text }));

/** Beside every setting that there is, which takes its time: one of so many. */
const ONE_OF = 16;

function declaration(text: string): void {
  const alone = { file: 'in.yaml', text };
  const beside = Number.parseInt(sha256(text.toWellFormed()).slice(0, 4), 16) % ONE_OF === 0;
  for (const files of [[alone], ...(beside ? [[...REST.slice(1), alone]] : [])]) {
    const result = compile(files);
    if (!result.ok) {
      must(result.error.length > 0, 'it was refused without a problem');
      toldWell(result.error);
    }
  }
}

function promql(text: string): void {
  const read = readExpression(text);
  if (read.ok) {
    checkTypes(read.value);
    const printed = printExpression(read.value);
    const again = readExpression(printed);
    must(again.ok, `what was printed does not parse: ${printed}`);
    must(again.ok && printExpression(again.value) === printed, `it is printed in another way: ${printed}`);
  } else must(read.error.message !== '', 'it was refused without a reason');
  parseSelectorSum(text);
}

function desired(text: string): void {
  const parsed = parseDesired('environments/prod/checkout.yaml', text, 'checkout');
  if (!parsed.ok) {
    toldWell(parsed.error);
    return;
  }
  const { version, digest } = parsed.value;
  must(/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}$/.test(version), `a version is no word: ${version}`);
  must(digest === null || /^sha256:[0-9a-f]{64}$/.test(digest), `a digest is none: ${digest}`);
}

/** Signed as the forge does: what is behind the signature is read. */
function forgeWebhook(text: string): void {
  const secret = 'secret';
  const body = text.toWellFormed();
  const signature = createHmac('sha256', secret).update(body, 'utf8').digest('hex');
  const state = { webhookSecret: secret } as never;
  const headers = { 'x-gitea-signature': signature, 'x-hub-signature-256': `sha256=${signature}` };
  for (const hint of [giteaHint, githubHint]) {
    const read = hint(state, headers, body);
    if (!read.ok) must(read.error.code === 'INVALID', `a signed delivery was answered ${read.error.code}`);
    const other = hint(
      state,
      { ...headers, 'x-gitea-signature': 'ü', 'x-hub-signature-256': 'sha256=zz' },
      body,
    );
    must(!other.ok && other.error.code === 'UNAUTHORISED', 'a wrong signature was accepted');
  }
}

const SHOP = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments:
    - { name: stage, prometheus: { address: 'http://127.0.0.1:9090' } }
    - { name: prod, prometheus: { address: 'http://127.0.0.1:9090' } }
  services: [{ name: checkout, slos: [checkout-availability] }]
---
${EVERYTHING['slos.yaml'].split('\n---\n')[0]}`;
const shop = compile([{ file: 'shop.yaml', text: SHOP }]);

/** As the route reads it: JSON that is none, and shapes that are none, are answered 400. */
async function alertmanager(text: string): Promise<void> {
  if (!shop.ok) throw new Error(problemLine(shop.error[0]!));
  const ledger = memoryLedger();
  const receive = alertReceiver(
    shop.value,
    await journalOver(ledger),
    () => {},
    () => 1,
  );
  try {
    await receive(parseForeign(text));
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError || thrown instanceof z.ZodError || thrown instanceof RangeError))
      throw thrown;
  }
}

function trace(text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  const parsed = traceSchema.safeParse(value);
  if (!parsed.success) {
    must(parsed.error.issues.length > 0, 'it was refused without a reason');
    return;
  }
  for (const edition of [1, 2] as const) {
    const judged = judgeTrace(parsed.data, edition);
    if (judged.ok)
      must(judged.value.intervals.length === parsed.data.intervals.length, 'an interval is missing');
    else must(judged.error !== '', 'it was refused without a reason');
  }
}

const policy = wasmPolicy({ directory: POLICY });

/** Whatever the facts are, the policy answers; what is missing denies. */
async function policyInput(text: string): Promise<void> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  if (value === null || typeof value !== 'object') return;
  const { answer } = await askPolicy(policy, value);
  must(typeof answer.allow === 'boolean', 'it gave no answer');
  must(answer.allow || answer.deny.length > 0, 'it denied without a reason');
  must(!answer.allow || answer.deny.length === 0, 'it allowed despite a reason against');
}

function recurrence(text: string): void {
  const start = localDay('2026-01-02T16:00');
  const read = readRecurrence(text, start);
  if (!read.ok) {
    must(read.error !== '', 'it was refused without a reason');
    return;
  }
  const { lastDay } = read.value;
  let before = Number.NEGATIVE_INFINITY;
  for (const day of recurringDays(
    read.value,
    start,
    start,
    Math.min(lastDay ?? start + 3_660, start + 3_660),
  )) {
    must(Number.isInteger(day) && day > before, 'its days are not in order');
    before = day;
  }
}

export const PARSERS: readonly Parser[] = [
  { name: 'declaration', read: declaration },
  { name: 'promql', read: promql },
  { name: 'desired-state', read: desired },
  { name: 'webhook', read: forgeWebhook },
  { name: 'alertmanager', read: alertmanager },
  { name: 'trace', read: trace },
  { name: 'policy-input', read: policyInput },
  { name: 'recurrence', read: recurrence },
  { name: 'import-sloth', read: importer((files) => importSloth(files, { window: '30d' })) },
  { name: 'import-openslo', read: importer(importOpenSlo) },
  { name: 'import-pyrra', read: importer(importPyrra) },
  {
    name: 'import-flagger',
    read: (text) => {
      const read = importFlagger([{ file: 'in.yaml', text }], { provider: null, namespace: null });
      toldWell(read.problems);
    },
  },
  {
    name: 'import-rollouts',
    read: (text) => {
      const resources = readManifests([{ file: 'in.yaml', text }]);
      adopt(resources);
    },
  },
];

/** What an object that everything inherits from must not get: the kind of a pollution that no parser answers for. */
export const polluted = (): string | null => {
  const probe = {} as Record<string, unknown>;
  const found = ['polluted', 'isAdmin', 'x'].find((name) => probe[name] !== undefined);
  return found === undefined
    ? null
    : `Object.prototype.${found} is set (${sha256(String(found)).slice(0, 8)})`;
};
