import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { GOVERNANCE_DEFAULTS } from '../declaration/defaults.ts';
import { couldNotAsk, type Decision, decisionOf, reason } from '../governance/decision.ts';
import type { Facts } from '../governance/facts.ts';
import type { PolicyPort } from '../governance/port.ts';
import { decisionSentence, unblockOf } from '../governance/words.ts';
import { messageOf } from '../kit/result.ts';
import { humanSpan, parseDuration } from '../kit/time.ts';
import { clientOf, runningServer } from './client.ts';
import { type Define, jsonOption, type Shared, workOption } from './command.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from './io.ts';
import type { Parts } from './parts.ts';

interface GateOptions extends Shared {
  readonly input?: string | undefined;
  readonly declaration: string;
  readonly post?: boolean | undefined;
  readonly policyServer?: string | undefined;
}

type GateParts = Pick<Parts, 'decideOnce' | 'openOwnPolicy'>;

const VALID_MS = parseDuration(GOVERNANCE_DEFAULTS.validFor)!;

/** The moment and the time an `--input` decision stands for, where the facts say so. */
function timesOf(facts: object): { now: number; until: number } {
  const { now } = facts as Partial<Facts>;
  const at = typeof now === 'number' ? now : 0;
  return { now: at, until: at + VALID_MS };
}

function readFacts(io: Io, file: string): object {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(resolve(io.cwd, file), 'utf8'));
  } catch (thrown) {
    throw new CliError(EXIT.usage, {
      code: 'INPUT_UNREADABLE',
      message: `${file} is not JSON that can be read: ${messageOf(thrown)}`,
      file,
      next: 'see policy/samples for whole facts',
    });
  }
  if (value !== null && typeof value === 'object') return value;
  throw new CliError(EXIT.usage, {
    code: 'INPUT_UNREADABLE',
    message: `${file} holds no object`,
    file,
    next: 'see policy/samples for whole facts',
  });
}

async function decideInput(io: Io, file: string, policy: PolicyPort): Promise<Decision> {
  const { askPolicy } = await import('../controller/gate/decide.ts');
  const facts = readFacts(io, file);
  const { answer, identity, asked } = await askPolicy(policy, facts);
  const { now, until } = timesOf(facts);
  return decisionOf(answer, asked, identity, now, until);
}

/** Nothing is known where the forge does not answer: a decision too, and never an allow. */
const unknownPull = (number: number, message: string): Decision =>
  decisionOf(
    { allow: false, deny: [reason('FORGE_UNAVAILABLE', message)], warn: [], recorded: [], waiversUsed: [] },
    { pullRequest: number },
    { revision: 'unknown', digest: 'unknown' },
    Date.now(),
    Date.now(),
  );

async function decidePull(io: Io, number: number, o: GateOptions, parts: GateParts): Promise<Decision> {
  const server = runningServer(o.work);
  if (server) return clientOf(server).post<Decision>(`/api/v1/pulls/${number}/evaluation`, {});
  const { declaration, work } = o;
  const decided = await parts.decideOnce(io, { declaration, work, post: o.post ?? false }, number);
  if (decided.ok) return decided.value;
  if (decided.error.code === 'UNAVAILABLE' || decided.error.code === 'RATE_LIMITED')
    return unknownPull(number, decided.error.message);
  throw new CliError(EXIT.no, {
    code: `FORGE_${decided.error.code}`,
    message: decided.error.message,
    next: 'check the number of the pull request, and what the token of spec.forge may do',
  });
}

/** One line a reason, what would unblock it, and when it looks again. */
function show(io: Io, decision: Decision): void {
  const p = palette(io);
  io.out(`${decision.allow ? p.green('allow') : p.red('deny')}  ${decisionSentence(decision)}\n`);
  for (const d of decision.deny)
    io.out(`  ${p.red(d.code)}: ${d.msg}\n    ${p.dim(`unblock: ${unblockOf(d)}`)}\n`);
  for (const r of decision.recorded)
    io.out(`  ${p.yellow(`on record, ${r.code}`)}: ${r.msg} (${r.by.join(', ')})\n`);
  for (const w of decision.warn) io.out(`  ${p.yellow(w.code)}: ${w.msg}\n`);
  const left = decision.validUntil - decision.evaluatedAt;
  const again = left > 0 ? `Looks again within ${humanSpan(left)}, and as soon as its grounds flip. ` : '';
  io.out(p.dim(`${again}Decision ${decision.id}, policy ${decision.policy.revision}.`));
  io.out('\n');
}

/** `sluice gate [number] | --input FILE`: may this pull request merge? Exit 0 yes, 1 no, 3 something did not answer. */
export async function gateCommand(
  io: Io,
  number: string | undefined,
  o: GateOptions,
  parts: GateParts,
): Promise<Exit> {
  if ((number === undefined) === (o.input === undefined))
    throw new CliError(EXIT.usage, {
      code: 'USAGE',
      message: 'expected the number of a pull request, or --input with a file of facts',
      next: 'sluice gate 7, or sluice gate --input policy/samples/budget.denied.json',
    });
  if (number !== undefined && !/^[1-9]\d{0,8}$/.test(number))
    throw new CliError(EXIT.usage, {
      code: 'BAD_NUMBER',
      message: `"${number}" is no number of a pull request`,
      next: 'sluice pull list shows them',
    });
  const decision =
    o.input === undefined
      ? await decidePull(io, Number(number), o, parts)
      : await decideInput(io, o.input, await parts.openOwnPolicy(o.policyServer));
  if (o.json) printJson(io, decision);
  else show(io, decision);
  if (decision.allow) return EXIT.yes;
  return couldNotAsk(decision) ? EXIT.unreachable : EXIT.no;
}

export const define: Define = (command, { io, parts, run }) =>
  command
    .argument('[number]', 'of a pull request on the declared forge')
    .option('--input <file>', 'facts from a file instead')
    .option('--declaration <dir>', 'the declaration, where no server runs', '.')
    .option('--post', 'post the answer to the forge, where no server runs')
    .option('--policy-server <url>', 'an OPA server for --input, instead of the policy compiled in')
    .addOption(workOption(io))
    .addOption(jsonOption())
    .action((number, o) => run(() => gateCommand(io, number, o, parts)));
