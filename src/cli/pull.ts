import type { PullView } from '../api/governance.ts';
import { lanesInWords } from '../kit/lane.ts';
import { needServer } from './client.ts';
import { type Define, jsonOption, type Shared } from './command.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';

interface OpenOptions extends Shared {
  readonly title?: string | undefined;
  readonly label?: readonly string[] | undefined;
  readonly autoMerge?: boolean | undefined;
}

/** `sluice pull list`: what is open, denied first. Exit 1 where something is denied. */
export async function pullListCommand(io: Io, o: Shared): Promise<Exit> {
  const answer = await needServer(o).get('/api/v1/pulls');
  const denied = answer.pulls.some((p) => p.state === 'open' && p.allow === false);
  if (o.json) printJson(io, answer);
  else {
    io.out(`${palette(io).bold(answer.sentence)}\n`);
    const word = (p: Pick<PullView, 'state' | 'allow'>) =>
      p.state !== 'open' ? p.state : p.allow === null ? 'waits' : p.allow ? 'allow' : 'deny';
    const rows = answer.pulls.map((p) => [
      `#${p.number}`,
      word(p),
      lanesInWords(p.lanes) || '-',
      p.author,
      p.title,
    ]);
    if (rows.length > 0) io.out(table([['PULL', 'GATE', 'TOUCHES', 'AUTHOR', 'TITLE'], ...rows]));
    io.out('Next: sluice gate NUMBER\n');
  }
  return denied ? EXIT.no : EXIT.yes;
}

/** `sluice pull open BRANCH`: a pull request for a branch that was pushed. */
export async function pullOpenCommand(io: Io, branch: string, o: OpenOptions): Promise<Exit> {
  const body = {
    head: branch,
    title: o.title?.trim() || branch,
    labels: o.label ?? [],
    autoMerge: o.autoMerge ?? false,
  };
  const done = await needServer(o).post('/api/v1/pulls', { body });
  if (o.json) printJson(io, done);
  else io.out(`Opened #${done.number}.\nNext: sluice gate ${done.number}\n`);
  return EXIT.yes;
}

/** `sluice pull merge NUMBER`: merges if the gate allows. */
export async function pullMergeCommand(io: Io, number: string, o: Shared): Promise<Exit> {
  if (!/^[1-9]\d{0,8}$/.test(number))
    throw new CliError(EXIT.usage, {
      code: 'BAD_NUMBER',
      message: `"${number}" is not the number of a pull request`,
      next: 'list them with sluice pull list',
    });
  const done = await needServer(o).post('/api/v1/pulls/{number}/merge', {
    params: { number: Number(number) },
  });
  if (o.json) printJson(io, done);
  else io.out(`Merged #${done.number}.\nNext: sluice status\n`);
  return EXIT.yes;
}

export const define: Define = (command, { io, run }) => {
  command
    .command('list')
    .description('List open pull requests, denied ones first')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((o) => run(() => pullListCommand(io, o)));
  command
    .command('open')
    .description('Open a pull request for a branch')
    .argument('<branch>', 'the pushed branch')
    .option('--title <title>', 'title (default: the name of the branch)')
    .option('--label <label...>', 'labels of the pull request')
    .option('--auto-merge', 'merge automatically once the gate allows it')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((branch, o) => run(() => pullOpenCommand(io, branch, o)));
  command
    .command('merge')
    .description('Merge a pull request that the gate allows')
    .argument('<number>', 'number of the pull request; see sluice pull list')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((number, o) => run(() => pullMergeCommand(io, number, o)));
};
