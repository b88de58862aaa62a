import type { CommanderError } from 'commander';
import { systemFailure } from '../io/system-failure.ts';
import { type Failure, messageOf } from '../kit/result.ts';
import { LedgerUnavailable } from '../ledger/port.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from './io.ts';

/** What is said of anything that was thrown, and the exit code it ends with. */
function failureOf(thrown: unknown): { readonly exit: Exit; readonly failure: Failure } {
  if (thrown instanceof CliError) return thrown;
  if (thrown instanceof LedgerUnavailable)
    return {
      exit: EXIT.unreachable,
      failure: { code: thrown.code, message: thrown.message, next: thrown.next },
    };
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_SQLITE_ERROR')
    return failureOf(new LedgerUnavailable('LEDGER_FAILED', thrown.message));
  const refused = systemFailure(thrown);
  if (refused) return { exit: EXIT.usage, failure: refused };
  return {
    exit: EXIT.internal,
    failure: {
      code: 'INTERNAL',
      message: messageOf(thrown),
      next: 'This is a bug in Sluice. Please report it with the command you ran.',
    },
  };
}

/** Reports what a command threw: one document on stdout under `--json`, else lines for a person on stderr. */
export function report(io: Io, thrown: unknown, asJson: boolean): Exit {
  const { exit, failure } = failureOf(thrown);
  const { code, message, file, line, next } = failure;
  if (asJson)
    printJson(io, {
      schema: 'sluice.dev/error/v1',
      error: { code, message, file: file ?? null, line: line ?? null, next: next ?? null },
    });
  else {
    const { red } = palette({ ...io, outTty: io.errTty });
    io.err(`${red(code)}: ${message}\n${next ? `Next: ${next}\n` : ''}`);
  }
  if (exit === EXIT.internal && thrown instanceof Error && io.env['SLUICE_LOG']) io.err(`${thrown.stack}\n`);
  return exit;
}

/** Commander has told a person already; under `--json` the one document is still owed. Help is no error. */
export function reportUsage(io: Io, thrown: CommanderError, asJson: boolean): Exit {
  if (thrown.exitCode === 0) return EXIT.yes;
  if (!asJson) return EXIT.usage;
  const message = thrown.code === 'commander.help' ? 'expected a command' : thrown.message;
  return report(io, new CliError(EXIT.usage, { code: 'USAGE', message, next: 'see sluice --help' }), true);
}
