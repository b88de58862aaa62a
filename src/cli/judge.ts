import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { REASON_WORDS } from '../api/sentences.ts';
import { judgeTrace, type TraceAnswer, traceSchema } from '../delivery/trace.ts';
import { pathText } from '../kit/problem.ts';
import { messageOf } from '../kit/result.ts';
import { textChart } from './chart.ts';
import { type Define, type Json, jsonOption } from './command.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from './io.ts';

function readTrace(io: Io, file: string) {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(resolve(io.cwd, file), 'utf8'));
  } catch (thrown) {
    throw new CliError(EXIT.usage, {
      code: 'TRACE_UNREADABLE',
      message: `${file}: ${messageOf(thrown)}`,
      file,
      next: 'give one trace as a JSON object',
    });
  }
  if (Array.isArray(value))
    throw new CliError(EXIT.usage, {
      code: 'TRACE_IS_A_LIST',
      message: `${file} holds ${value.length} traces; one is judged at a time`,
      file,
      next: 'write one of them into a file of its own',
    });
  const parsed = traceSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new CliError(EXIT.usage, {
    code: 'TRACE_INVALID',
    message: `${file}: ${pathText(issue.path)}: ${issue.message}`,
    file,
    next: 'see docs/judge.md for the format',
  });
}

const exitOf = (answer: TraceAnswer): Exit =>
  answer.firstFail === null && answer.firstPass !== null ? EXIT.yes : EXIT.no;

function show(io: Io, name: string, answer: TraceAnswer): void {
  const p = palette(io);
  const last = answer.intervals.at(-1);
  const why = last ? last.reasons.map((r) => REASON_WORDS[r]).join('; ') : 'there is no interval';
  const word =
    answer.firstFail !== null
      ? p.red(`fails at interval ${answer.firstFail}`)
      : answer.firstPass !== null
        ? p.green(`passes a step at interval ${answer.firstPass}`)
        : p.yellow('is inconclusive');
  io.out(`${p.bold(name)}\n${word}: ${why}.\n\n`);
  if (!last) return;
  const lines = [
    { mark: 'o', values: answer.intervals.map((i) => i.overBudget) },
    { mark: 'w', values: answer.intervals.map((i) => i.worseThanStable) },
  ];
  io.out(textChart(lines, { value: answer.bar, name: 'bar' }));
  io.out(
    `           o over budget ${last.overBudget.toFixed(2)}   w worse than stable ${last.worseThanStable.toFixed(2)}   * both\n`,
  );
  io.out(
    `           ${answer.intervals.length} intervals, exposure of the last step ${last.exposure.toFixed(2)}\n`,
  );
}

interface JudgeOptions extends Json {
  readonly trace: string;
}

/** `sluice judge --trace FILE`: the evidence rule over one recorded trace. */
export async function judgeCommand(io: Io, options: JudgeOptions): Promise<Exit> {
  const trace = readTrace(io, options.trace);
  const answer = judgeTrace(trace);
  if (!answer.ok)
    throw new CliError(EXIT.usage, {
      code: 'TRACE_SETTINGS',
      message: `${options.trace}: ${answer.error}`,
      file: options.trace,
      next: 'mend the settings of the trace',
    });
  if (options.json) printJson(io, { schema: 'sluice.dev/judge/v1', ...answer.value });
  else show(io, trace.name ?? options.trace, answer.value);
  return exitOf(answer.value);
}

export const define: Define = (command, { io, run }) =>
  command
    .requiredOption('--trace <file>', 'a trace as JSON')
    .addOption(jsonOption())
    .action((o) => run(() => judgeCommand(io, o)));
