import { explanationOf, outdated, type Survivor, type Tried } from './survivors.ts';

/** At most so many of the mutants may survive. */
const MOST_SURVIVE = 0.1;

interface Report {
  readonly text: string;
  /** Few enough survive, each is explained, and the list of explanations is up to date. */
  readonly ok: boolean;
}

const percent = (part: number, of: number): string =>
  `${of === 0 ? 0 : Math.round((1000 * part) / of) / 10}%`;

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

function rowsOf(tried: readonly Tried[]): string[] {
  const counts = (name: string, some: readonly Tried[]) => {
    const survived = some.filter((t) => t.outcome === 'survived').length;
    return row([name, some.length, some.length - survived, survived, percent(survived, some.length)]);
  };
  const files = [...new Set(tried.map((t) => t.file))];
  return [
    row(['file', 'mutants', 'killed', 'survived', 'share']),
    row(['---', '---:', '---:', '---:', '---:']),
    ...files.map((file) =>
      counts(
        file,
        tried.filter((t) => t.file === file),
      ),
    ),
    counts('all', tried),
  ];
}

const short = (code: string): string => JSON.stringify(code.length > 60 ? `${code.slice(0, 57)}...` : code);

const line = (t: Tried): string =>
  `${t.file}:${t.line} ${t.operator}: ${short(t.from)} → ${short(t.to || 'nothing')} in ${short(t.code)}`;

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((one) => `- ${one}`)];

/** What came of all mutants: a table, then those that survived, explained ones with their reason. */
export function reportOf(tried: readonly Tried[], kept: readonly Survivor[]): Report {
  const survived = tried.filter((t) => t.outcome === 'survived');
  const unexplained = survived.filter((t) => !explanationOf(kept, t));
  const explained = survived.filter((t) => explanationOf(kept, t));
  const old = outdated(kept, tried);
  const share = tried.length === 0 ? 0 : survived.length / tried.length;
  const lines = [
    ...rowsOf(tried),
    ...section('Survived, and nobody has said why:', unexplained.map(line)),
    ...section(
      'Survived, explained:',
      explained.map((t) => `${line(t)}. ${explanationOf(kept, t)!.why}`),
    ),
    ...section(
      'Killed by now: take them off scripts/mutate/survivors.json:',
      old.map((s) => `${s.file}: ${short(s.from)} → ${short(s.to)} in ${short(s.line)}`),
    ),
  ];
  const ok = unexplained.length === 0 && old.length === 0 && share <= MOST_SURVIVE;
  return { text: `${lines.join('\n')}\n`, ok };
}
