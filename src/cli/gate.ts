import { GOVERNANCE_DEFAULTS } from '../declaration/defaults.ts';
import { couldNotAsk, type Decision, decisionOf, reason } from '../governance/decision.ts';
import { decisionSentence, unblockOf } from '../governance/decision-text.ts';
import { nonsenseIn } from '../governance/fact-values.ts';
import type { Facts } from '../governance/facts.ts';
import type { PolicyPort } from '../governance/port.ts';
import { oneLine } from '../kit/line.ts';
import { humanSpan, parseDuration } from '../kit/time.ts';
import { clientOf, serverAt } from './client.ts';
import { type Define, jsonOption, type Shared } from './command.ts';
import { readJsonArgument, refusedFile } from './file-argument.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from './io.ts';
import type { CommandParts } from './parts.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';

interface GateOptions extends Shared {
  readonly input?: string | undefined;
  readonly declaration: string;
  readonly post?: boolean | undefined;
  readonly policyServer?: string | undefined;
}

type GateParts = Pick<CommandParts, 'decideOnce' | 'openOwnPolicy'>;

const VALID_MS = parseDuration(GOVERNANCE_DEFAULTS.validFor)!;

/** The moment and the time an `--input` decision stands for, where the facts say so. */
function timesOf(facts: object): { now: number; until: number } {
  const { now } = facts as Partial<Facts>;
  const at = typeof now === 'number' ? now : 0;
  return { now: at, until: at + VALID_MS };
}

const FACTS = { code: 'INPUT_UNREADABLE', next: 'see policy/samples for complete facts' };

function readFacts(io: Io, file: string): object {
  const value = readJsonArgument(io, file, FACTS);
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw refusedFile(file, FACTS, 'it is not a JSON object');
  const nonsense = nonsenseIn(value);
  if (nonsense !== null) throw refusedFile(file, { ...FACTS, code: 'INPUT_NONSENSE' }, nonsense);
  return value;
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
  const server = serverAt(o);
  if (server) return clientOf(server).post('/api/v1/pulls/{number}/evaluation', { params: { number } });
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
  io.out(`${decision.allow ? p.green('allow') : p.red('deny')}  ${oneLine(decisionSentence(decision))}\n`);
  for (const d of decision.deny)
    io.out(`  ${p.red(d.code)}: ${oneLine(d.msg)}\n    ${p.dim(`To unblock: ${oneLine(unblockOf(d))}`)}\n`);
  for (const r of decision.recorded)
    io.out(`  ${p.yellow(`on record, ${r.code}`)}: ${oneLine(`${r.msg} (${r.by.join(', ')})`)}\n`);
  for (const w of decision.warn) io.out(`  ${p.yellow(w.code)}: ${oneLine(w.msg)}\n`);
  const left = decision.validUntil - decision.evaluatedAt;
  const again =
    left > 0 ? `Re-evaluated within ${humanSpan(left)}, and automatically when inputs change. ` : '';
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
      message: `"${number}" is not the number of a pull request`,
      next: 'list them with sluice pull list',
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
    .argument('[number]', 'number of a pull request on the declared forge')
    .option('--input <file>', 'file of facts to evaluate instead')
    .option('--declaration <dir>', 'folder of the declaration, if no server runs', '.')
    .option('--post', 'post the result to the forge, if no server runs')
    .option('--policy-server <url>', 'OPA server to use with --input, instead of the built-in policy')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((number, o) => run(() => gateCommand(io, number, o, parts)));
