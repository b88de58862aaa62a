import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { parseAllDocuments } from 'yaml';
import { compile } from '../../src/controller/compile.ts';
import type { CompileOptions } from '../../src/declaration/compile.ts';
import { traceSchema } from '../../src/delivery/trace.ts';
import { parseDesired } from '../../src/gitops/desired.ts';
import { type Fence, ROOT } from './pages.ts';

/** What is wrong with a snippet, one line each. */
export type Check = (fence: Fence) => string[] | Promise<string[]>;

const SCRIPTS = Object.keys(
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }).scripts,
);

/** Programs of others that pages may use. What they do is not checked, but that somebody meant them. */
const OTHERS = new Set(
  'apt-get cat chmod cp ctr curl docker export git helm kubectl mkdir npm oras sh tar opa node ip openssl pg_dump ln kind version cd source'.split(
    ' ',
  ),
);

/** A line, and each command whose output it reads as a file: `source <(sluice completion bash)`. */
const withReadCommands = (line: string): string[] => [
  line.replace(/<\([^)]*\)/g, '').trim(),
  ...[...line.matchAll(/<\(([^)]*)\)/g)].map(([, command]) => command!),
];

/** A snippet in pieces: a command a line, its comment gone, its continued lines joined, without here-documents. */
export function commandLines(text: string): string[] {
  const joined = text.replace(/[ \t]*\\\n\s*/g, ' ').split('\n');
  const lines: string[] = [];
  let until: string | null = null;
  for (const line of joined) {
    if (until !== null) until = line === until ? null : until;
    else {
      until = /<<-?'?(\w+)'?/.exec(line)?.[1] ?? null;
      lines.push(line.replace(/(^|\s)#\s.*$/, '').trim());
    }
  }
  return lines
    .filter(Boolean)
    .flatMap(withReadCommands)
    .flatMap((line) => line.split(/\s+(?:&&|\|\|?|;)\s+/));
}

/** The words of a command line, quotes gone; what goes into or comes out of files is left out. */
export const wordsOf = (line: string): string[] =>
  [...line.replace(/\s[0-9]?>>?\s*\S+|\s<\s*\S+|\s&$/g, '').matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(
    ([word]) => word.replace(/^(["'])(.*)\1$/, '$2'),
  );

/** The command that words name, and the words after its name. */
function commandOf(root: CommandUnknownOpts, words: readonly string[]): [CommandUnknownOpts, string[]] {
  const [first, ...rest] = words;
  const below = root.commands.find((command) => command.name() === first);
  return below ? commandOf(below, rest) : [root, [...words]];
}

/** What is wrong with one `sluice …` line: its command, options and arguments are compared with those declared. */
export function wrongUse(sluice: CommandUnknownOpts, words: readonly string[]): string[] {
  const [command, rest] = commandOf(sluice, words);
  if (command === sluice)
    return /^--(version|help)$/.test(rest[0] ?? '') ? [] : [`no command ${rest[0] ?? ''}`];
  const wrong: string[] = [];
  let given = 0;
  for (let i = 0; i < rest.length; i += 1) {
    const [flag, attached] = rest[i]!.split('=', 2) as [string, string?];
    if (!flag.startsWith('-')) given += 1;
    else {
      const option = command.options.find((o) => o.long === flag || o.short === flag);
      if (!option && !['--help', '-h'].includes(flag)) wrong.push(`${command.name()} has no option ${flag}`);
      const takes = option && (option.required || (option.optional && !(rest[i + 1] ?? '-').startsWith('-')));
      if (takes && attached === undefined) i += 1;
    }
  }
  const declared = command.registeredArguments;
  const least = declared.filter((a) => a.required).length;
  const most = declared.some((a) => a.variadic) ? Number.POSITIVE_INFINITY : declared.length;
  const variadicOption = command.options.some((o) => o.variadic);
  if (given < least || (given > most && !variadicOption))
    wrong.push(`${command.name()} takes ${least} to ${most} arguments, not ${given}`);
  const missing = command.options.filter(
    (o) => o.mandatory && !rest.some((word) => word.split('=')[0] === o.long),
  );
  return [...wrong, ...missing.map((o) => `${command.name()} needs ${o.long}`)];
}

/** Shell: it parses, and every command of Sluice in it exists with these options. */
export const shell =
  (sluice: CommandUnknownOpts): Check =>
  ({ text }) => {
    const parsed = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
    if (parsed.status !== 0) return [parsed.stderr.trim()];
    return commandLines(text).flatMap((line) => {
      const words = wordsOf(line.replace(/^(\w+=(?:"[^"]*"|'[^']*'|\S+)\s+)+/, ''));
      const script = /^npm run (?:-s |--silent )?([\w:]+)(?: -- (.*))?$/.exec(line);
      if (script && !SCRIPTS.includes(script[1]!)) return [`package.json has no script ${script[1]}`];
      if (script?.[1] === 'sluice') return wrongUse(sluice, wordsOf(script[2] ?? ''));
      if (words[0] === 'sluice') return wrongUse(sluice, words.slice(1));
      return words.length === 0 || OTHERS.has(words[0]!) || /^\w+=/.test(words[0]!)
        ? []
        : [`${words[0]} is not a program that pages use`];
    });
  };

const SLOS = readFileSync(join(ROOT, 'examples/shop/slos.yaml'), 'utf8');
const PROMETHEUS = { prometheus: { address: 'http://prometheus.example:9090' } };
const LOAD = {
  targets: [{ service: 'checkout', path: '/buy', rps: 5 }],
  address: 'http://{service}.example',
};
/** A Platform that says little, in which a page's own part is read. */
const BASE = {
  environments: [
    { name: 'prod', load: LOAD, ...PROMETHEUS },
    { name: 'eu', ...PROMETHEUS },
    { name: 'us', ...PROMETHEUS },
  ],
  services: ['frontend', 'checkout'].map((name) => ({ name, slos: [`${name}-availability`] })),
};
/** Keys that a page shows alone belong into the spec of a Platform. */
const SPEC_KEYS = new Set(
  'environments services strategy evidence recovery repository ledger kubernetes alerts maintenance notifications policy freezes forge signIn'.split(
    ' ',
  ),
);

const problemsOf = (files: readonly { file: string; text: string }[], options?: CompileOptions): string[] => {
  const compiled = compile(files, options);
  return compiled.ok ? [] : compiled.error.map((p) => `${p.path}: ${p.message}`);
};

/** A part of a Platform, in the place where it belongs. */
function fragment(part: Record<string, unknown>): string[] {
  const spec = { ...BASE, ...part };
  const platform = { apiVersion: 'sluice.dev/v1', kind: 'Platform', metadata: { name: 'shop' }, spec };
  return problemsOf([
    { file: 'platform.yaml', text: JSON.stringify(platform) },
    { file: 'slos.yaml', text: part['services'] ? slosFor(JSON.stringify(platform)) : SLOS },
  ]);
}

/** SLOs under the names that a Platform of a page uses: availability of the shop's checkout, as often as it takes. */
function slosFor(platform: string): string {
  const like = parseAllDocuments(SLOS)
    .map((d) => d.toJS() as { kind: string; metadata: { name: string }; spec: { service: string } })
    .find((d) => d.kind === 'SLO')!;
  const { spec } = (parseAllDocuments(platform)[0]!.toJS() ?? {}) as {
    spec: { services: { name: string; slos: string[] }[] };
  };
  return spec.services
    .flatMap(({ name, slos }) =>
      slos.map((slo) =>
        JSON.stringify({ ...like, metadata: { name: slo }, spec: { ...like.spec, service: name } }),
      ),
    )
    .join('\n---\n');
}

function workflow(document: Record<string, unknown>): string[] {
  const jobs = Object.values(document['jobs'] as Record<string, { steps?: object[]; permissions?: object }>);
  return jobs.every((job) => job.steps && job.permissions) ? [] : ['a job without steps or permissions'];
}

/** YAML: read by what would read it. A kind that is not listed here is refused, so that none escapes. */
export const yaml: Check = ({ text }) => {
  const documents = parseAllDocuments(text);
  const broken = documents.flatMap((d) => d.errors.map((e) => e.message));
  if (broken.length > 0) return broken;
  const first = documents[0]!.toJS() as Record<string, unknown>;
  const keys = Object.keys(first);
  if (typeof first['apiVersion'] === 'string') {
    const page = { file: 'page.yaml', text };
    if (first['kind'] === 'Platform') return problemsOf([page, { file: 'slos.yaml', text: slosFor(text) }]);
    const slos = /kind: SLO\b/.test(text) ? [] : [{ file: 'slos.yaml', text: SLOS }];
    return problemsOf([page, ...slos], { platform: 'optional' });
  }
  if (keys.length === 1 && keys[0] === 'spec') return fragment(first['spec'] as Record<string, unknown>);
  if (keys.every((key) => SPEC_KEYS.has(key))) return fragment(first);
  if (keys[0] === 'service') {
    const read = parseDesired(
      'page.yaml',
      text.replaceAll(/sha256:\w+…/g, `sha256:${'0'.repeat(64)}`),
      String(first['service']),
    );
    return read.ok ? [] : read.error.map((p) => p.message);
  }
  if (first['jobs']) return workflow(first);
  if (keys.length === 1 && keys[0] === 'include')
    return existsSync(join(ROOT, 'action/ci/gitlab-ci.yml')) ? [] : ['the included file is not there'];
  return [`nothing reads this YAML: ${keys.join(', ')}`];
};

/** JSON: a trace for `sluice judge` is read as one, anything else as JSON. */
export const json: Check = ({ text }) => {
  const document = JSON.parse(text) as object;
  if (!('intervals' in document)) return [];
  const read = traceSchema.safeParse(document);
  return read.success ? [] : read.error.issues.map((i) => i.message);
};

/** JavaScript: Node reads it. */
export const javascript: Check = ({ text }) => {
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--check'], {
    input: text,
    encoding: 'utf8',
  });
  return status === 0 ? [] : [stderr];
};

/** Rego: that it is a module. OPA itself reads it in rego.test.ts, where it was built. */
export const rego: Check = ({ text }) => (/^package \w/.test(text) ? [] : ['no package']);

/** What a command prints, a tree of folders, a picture in words: compared by the tests that produce them. */
export const free: Check = () => [];
