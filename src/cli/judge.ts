import { REASON_WORDS } from '../api/sentences.ts';
import { judgeTrace, type TraceAnswer, traceSchema } from '../delivery/trace.ts';
import { counted } from '../kit/counted.ts';
import { faultText } from '../kit/faults.ts';
import { textChart } from './chart.ts';
import { type Define, editionOption, type JsonOptions, jsonOption } from './command.ts';
import { readJsonArgument, refusedFile } from './file-argument.ts';
import { EXIT, type Exit, type Io, palette, printJson } from './io.ts';

const WANTED = { code: 'TRACE_UNREADABLE', next: 'write one trace as a JSON object; see docs/judge.md' };

function readTrace(io: Io, file: string) {
  const value = readJsonArgument(io, file, WANTED);
  if (Array.isArray(value))
    throw refusedFile(
      file,
      { code: 'TRACE_IS_A_LIST', next: 'put each trace into its own file' },
      `it holds ${counted(value.length, 'trace')}; only one is judged at a time`,
    );
  const parsed = traceSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refusedFile(
    file,
    { code: 'TRACE_INVALID', next: 'see docs/judge.md for the format' },
    faultText(parsed.error.issues, { schema: traceSchema, value }),
  );
}

const exitOf = (answer: TraceAnswer): Exit =>
  answer.firstFail === null && answer.firstPass !== null ? EXIT.yes : EXIT.no;

function show(io: Io, name: string, answer: TraceAnswer): void {
  const p = palette(io);
  const last = answer.intervals.at(-1);
  const why = last ? last.reasons.map((r) => REASON_WORDS[r]).join('; ') : 'the trace has no interval';
  const word =
    answer.firstFail !== null
      ? p.red(`fails at interval ${answer.firstFail}`)
      : answer.firstStepBack !== null
        ? p.yellow(`steps back at interval ${answer.firstStepBack}`)
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
    `           ${answer.intervals.length} intervals, exposure of the last step ${last.exposure.toFixed(2)}, clump factor ${last.clumps.toFixed(2)}\n`,
  );
}

interface JudgeOptions extends JsonOptions {
  readonly trace: string;
  readonly edition: '1' | '2';
}

/** `sluice judge --trace FILE`: the evidence rule over one recorded trace. */
export async function judgeCommand(io: Io, options: JudgeOptions): Promise<Exit> {
  const trace = readTrace(io, options.trace);
  const answer = judgeTrace(trace, options.edition === '1' ? 1 : 2);
  if (!answer.ok)
    throw refusedFile(
      options.trace,
      { code: 'TRACE_SETTINGS', next: 'fix the settings of the trace' },
      answer.error,
    );
  if (options.json) printJson(io, { schema: 'sluice.dev/judge/v1', ...answer.value });
  else show(io, trace.name ?? options.trace, answer.value);
  return exitOf(answer.value);
}

export const define: Define = (command, { io, run }) =>
  command
    .requiredOption('--trace <file>', 'file with a trace as JSON')
    .addOption(editionOption().default('2' as const))
    .addOption(jsonOption())
    .action((o) => run(() => judgeCommand(io, o)));
