import { describe, expect, it } from 'vitest';
import { adapterChoice, adapterWays } from './adapters.ts';
import { loaders } from './loaders.ts';
import { moduleState, plannerPurity, purity } from './purity.ts';
import {
  consoleImports,
  consoleReach,
  cycles,
  foreignJson,
  packages,
  type Rule,
  roomOrder,
  typeStripping,
} from './rules.ts';

type Files = Readonly<Record<string, string>>;
type Planted = readonly [string, Files, readonly string[]];

/** What a rule says of files that stand nowhere but here. */
const found = (rule: Rule, files: Files): string[] =>
  rule(Object.entries(files).map(([file, text]) => ({ file, text })));

describe('rooms', () => {
  const cases: Planted[] = [
    ['upwards and within', { 'runtime/a.ts': "import '../kit/b.ts'; import './c.ts';" }, []],
    ['downwards', { 'kit/a.ts': "import '../runtime/b.ts';" }, ['kit/a.ts → runtime/b.ts']],
    [
      'downwards, a type',
      { 'kit/a.ts': "import type { B } from '../runtime/b.ts';" },
      ['kit/a.ts → runtime/b.ts'],
    ],
    [
      'downwards, in a type',
      { 'kit/a.ts': "type B = import('../runtime/b.ts').B;" },
      ['kit/a.ts → runtime/b.ts'],
    ],
    [
      'downwards, of a whole module',
      { 'kit/a.ts': "type B = typeof import('../runtime/b.ts');" },
      ['kit/a.ts → runtime/b.ts'],
    ],
    [
      'downwards, when it is needed',
      { 'kit/a.ts': "const b = () => import('../runtime/b.ts');" },
      ['kit/a.ts → runtime/b.ts'],
    ],
    [
      'downwards, passed on',
      { 'kit/a.ts': "export { b } from '../runtime/b.ts';" },
      ['kit/a.ts → runtime/b.ts'],
    ],
    [
      'downwards, all of it passed on',
      { 'kit/a.ts': "export * from '../runtime/b.ts';" },
      ['kit/a.ts → runtime/b.ts'],
    ],
    ['to a command from wiring', { 'wiring/a.ts': "import type { P } from '../cli/parts.ts';" }, []],
    ['to wiring from a command', { 'cli/a.ts': "import '../wiring/b.ts';" }, ['cli/a.ts → wiring/b.ts']],
    ['of the application from wiring', { 'wiring/a.ts': "import '../app.ts';" }, ['wiring/a.ts → app.ts']],
    ['of the program from anywhere', { 'app/a.ts': "import '../main.ts';" }, ['app/a.ts → main.ts']],
    ['of anything from the program', { 'main.ts': "import './app.ts'; import './cli/a.ts';" }, []],
    ['of the shop from a command', { 'cli/demo/a.ts': "import '../../../shop/b.ts';" }, []],
    ['of the shop from elsewhere', { 'api/a.ts': "import '../../shop/b.ts';" }, ['api/a.ts → ../shop/b.ts']],
    ['of the tests from a command', { 'cli/a.ts': "import '../../test/b.ts';" }, ['cli/a.ts → ../test/b.ts']],
    ['a room that nobody knows', { 'extras/a.ts': 'export {};' }, ['extras/a.ts stands in no known room']],
    ['of the shop within', { '../shop/a.ts': "import './b.ts'; import '../src/kit/c.ts';" }, []],
    [
      'of a later room from the shop',
      { '../shop/a.ts': "import '../src/wiring/c.ts';" },
      ['../shop/a.ts → wiring/c.ts'],
    ],
    [
      'of the scripts from the shop',
      { '../shop/a.ts': "import '../scripts/c.ts';" },
      ['../shop/a.ts → ../scripts/c.ts'],
    ],
    [
      'downwards from another ending',
      { 'main.mts': "import './app.ts';", 'kit/a.mts': "import '../io/b.mjs';" },
      ['kit/a.mts → io/b.mjs'],
    ],
    [
      'of governance from delivery',
      { 'delivery/adapters/x/a.ts': "import type { F } from '../../../governance/b.ts';" },
      [
        'delivery/adapters/x/a.ts → governance/b.ts',
        'delivery/adapters/x/a.ts → governance/b.ts: a freeze reaches this plane as data',
      ],
    ],
  ];
  it.each(cases)('HOUSE-1: planted, an import %s', (_, files, wrong) =>
    expect(found(roomOrder, files)).toEqual(wrong),
  );
});

describe('cycles', () => {
  const cases: Planted[] = [
    ['none', { 'a.ts': "import './b.ts';", 'b.ts': "import './c.ts';", 'c.ts': '' }, []],
    [
      'none where two ways meet',
      { 'a.ts': "import './b.ts'; import './c.ts';", 'b.ts': "import './c.ts';", 'c.ts': '' },
      [],
    ],
    ['two files', { 'a.ts': "import './b.ts';", 'b.ts': "import './a.ts';" }, ['a.ts → b.ts → a.ts']],
    ['itself', { 'a.ts': "export * from './a.ts';" }, ['a.ts → a.ts']],
    [
      'of types alone',
      { 'cli/a.ts': "import { b } from './x/b.ts';", 'cli/x/b.ts': "import type { A } from '../a.ts';" },
      ['cli/a.ts → cli/x/b.ts → cli/a.ts'],
    ],
    [
      'by a type that names its module, and when it is needed',
      { 'a.ts': "type B = import('./b.ts').B;", 'b.ts': "const a = () => import('./a.ts');" },
      ['a.ts → b.ts → a.ts'],
    ],
    [
      'a long one, told the short way',
      {
        'a.ts': "import './b.ts';",
        'b.ts': "import './c.ts'; import './d.ts';",
        'c.ts': "import './d.ts';",
        'd.ts': "import './a.ts';",
      },
      ['a.ts → b.ts → d.ts → a.ts', 'c.ts → d.ts → a.ts → b.ts → c.ts'],
    ],
    [
      'two that have nothing to do with each other, and a file that only leads there',
      {
        'a.ts': "import './b.ts';",
        'b.ts': "import './a.ts';",
        'c.ts': "import './d.ts';",
        'd.ts': "import './c.ts';",
        'e.ts': "import './a.ts';",
      },
      ['a.ts → b.ts → a.ts', 'c.ts → d.ts → c.ts'],
    ],
  ];
  it.each(cases)('HOUSE-10: planted: %s', (_, files, wrong) => expect(found(cycles, files)).toEqual(wrong));
});

describe('adapters', () => {
  const sqlite = 'ledger/adapters/sqlite/ledger.ts';
  const cases: Planted[] = [
    ['wiring', { 'wiring/a.ts': `const a = () => import('../${sqlite}');` }, []],
    ['an adapter of the same room', { 'ledger/adapters/x/a.ts': "import '../sqlite/ledger.ts';" }, []],
    ['the program', { 'main.ts': `import './${sqlite}';` }, [`main.ts → ${sqlite}`]],
    ['the application', { 'app/a.ts': `import '../${sqlite}';` }, [`app/a.ts → ${sqlite}`]],
    [
      'a command, when it is needed',
      { 'cli/a.ts': `const a = () => import('../${sqlite}');` },
      [`cli/a.ts → ${sqlite}`],
    ],
    ['the embedded room', { 'embedded/a.ts': `import '../${sqlite}';` }, [`embedded/a.ts → ${sqlite}`]],
    ['its own room', { 'ledger/a.ts': "import './adapters/sqlite/ledger.ts';" }, [`ledger/a.ts → ${sqlite}`]],
    [
      'an adapter of another room',
      { 'gitops/adapters/x/a.ts': `import '../../../${sqlite}';` },
      [`gitops/adapters/x/a.ts → ${sqlite}`],
    ],
    [
      'a command that wants a type',
      { 'cli/a.ts': `import type { L } from '../${sqlite}';` },
      [`cli/a.ts → ${sqlite}, a type: it belongs to a port`],
    ],
    [
      'a command that wants nothing but types',
      { 'cli/a.ts': `import { type L, type M } from '../${sqlite}';` },
      [`cli/a.ts → ${sqlite}, a type: it belongs to a port`],
    ],
    [
      'a command that wants a type beside a value',
      { 'cli/a.ts': `import { type L, open } from '../${sqlite}';` },
      [`cli/a.ts → ${sqlite}`],
    ],
    [
      'the shop',
      { '../shop/a.ts': `export { sqliteLedger } from '../src/${sqlite}';` },
      [`../shop/a.ts → ${sqlite}`],
    ],
    ['a script', { '../scripts/a.mjs': `import '../src/${sqlite}';` }, [`../scripts/a.mjs → ${sqlite}`]],
    [
      'a folder that nobody named before',
      { 'cli/a.ts': "import '../server/adapters/new/b.ts';" },
      ['cli/a.ts → server/adapters/new/b.ts'],
    ],
  ];
  it.each(cases)('HOUSE-4: planted, an adapter that is imported by %s', (_, files, wrong) =>
    expect(found(adapterChoice, files)).toEqual(wrong),
  );
});

describe('ways to an adapter', () => {
  const sqlite = 'ledger/adapters/sqlite/ledger.ts';
  const wiring = (text: string) => ({ 'wiring/a.ts': text.replaceAll('FILE', `../${sqlite}`) });
  const passed = [`wiring/a.ts passes on ${sqlite}`];
  it.each<Planted>([
    ['passed on', wiring("export { sqliteLedger } from 'FILE';"), passed],
    ['passed on as a type', wiring("export type { L } from 'FILE';"), passed],
    ['passed on under another name', wiring("export { sqliteLedger as l } from 'FILE';"), passed],
    ['all passed on', wiring("export * from 'FILE';"), passed],
    ['all passed on as one', wiring("export * as l from 'FILE';"), passed],
    ['imported and exported', wiring("import { l } from 'FILE'; export { l as m };"), passed],
    ['imported and exported by default', wiring("import { l } from 'FILE'; export default l;"), passed],
    ['renamed and exported', wiring("import { l } from 'FILE'; export const m = l;"), passed],
    ['exported in an object', wiring("import { l } from 'FILE'; export const all = { a: { l } };"), passed],
    ['exported as a whole', wiring("import * as l from 'FILE'; export { l };"), passed],
    ['exported as a type', wiring("import type { L } from 'FILE'; export type M = L;"), passed],
    ['exported as a type of its module', wiring("export type M = import('FILE').L;"), passed],
    ['loaded for others', wiring("export const load = () => import('FILE');"), passed],
    ['loaded for others by a function', wiring("export function load() { return import('FILE'); }"), passed],
    ['loaded and exported', wiring("export const l = await import('FILE');"), passed],
    [
      'chosen',
      wiring("export const open = async (f: string) => (await import('FILE')).sqliteLedger(f);"),
      [],
    ],
    ['used', wiring("import { l } from 'FILE'; export const open = (f: string) => l(f);"), []],
    [
      'its own parts',
      { 'ledger/adapters/a.ts': "new Worker(new URL('../adapters/b.ts', import.meta.url));" },
      [],
    ],
    [
      'started as a thread',
      { 'server/a.ts': "new Worker(new URL('../ledger/adapters/b.ts', import.meta.url));" },
      ['server/a.ts names ../ledger/adapters/b.ts'],
    ],
    [
      'started as a process',
      { 'cli/a.ts': "fork(join(import.meta.dirname, '../ledger/adapters/b.ts'));" },
      ['cli/a.ts names ../ledger/adapters/b.ts'],
    ],
    [
      'named in a template',
      { 'cli/a.ts': `new Worker(\`\${root}/ledger/adapters/\${name}.ts\`);` },
      ['cli/a.ts names /ledger/adapters/'],
    ],
    [
      'named in parts',
      { '../shop/a.ts': "fork(join('ledger', 'adapters', 'b.ts'));" },
      ['../shop/a.ts names adapters'],
    ],
    ['the word in a sentence', { 'cli/a.ts': "const t = 'which adapters there are';" }, []],
  ])('HOUSE-19: planted, an adapter %s', (_, files, wrong) =>
    expect(found(adapterWays, files)).toEqual(wrong),
  );
});

describe('loaders', () => {
  const by = (text: string, file = 'cli/a.ts') =>
    found(loaders, { [file]: text }).map((one) => one.replace(`${file} loads `, ''));

  it.each([
    [
      'a require of its own',
      "import { createRequire } from 'node:module';",
      'by createRequire of node:module',
    ],
    [
      'one under another name',
      "import { createRequire as c } from 'module';",
      'by createRequire of node:module',
    ],
    ['one under a text', "import { 'createRequire' as c } from 'module';", 'by createRequire of node:module'],
    ['all of the module', "import * as m from 'node:module';", 'by * of node:module'],
    ['the module by default', "import m from 'node:module';", 'by * of node:module'],
    ['one passed on', "export { createRequire } from 'node:module';", 'by * of node:module'],
    ['the module when it is needed', "const m = () => import('node:module');", 'by * of node:module'],
    ['a property', 'const c = x.createRequire;', 'by createRequire'],
    ['a property in brackets', "const c = x['createRequire'];", 'by createRequire'],
    ['a property taken out', 'const { createRequire: c } = x;', 'by createRequire'],
    ['a require', "require('pg');", 'by require'],
    ['a require by another name', 'const load = require;', 'by require'],
    ['the require of a module', "module.require('pg');", 'by require'],
    ['a part of Node, asked of the process', "process.getBuiltinModule('node:fs');", 'by getBuiltinModule'],
    ['the asking itself', 'const { getBuiltinModule } = process;', 'by getBuiltinModule'],
    ['a text', 'eval(text);', 'by eval'],
    ['a text as a function', "new Function('return 1');", 'by Function'],
    ['what is computed', 'const a = (name: string) => import(name);', 'what is computed'],
  ])('HOUSE-20: planted: %s', (_, text, way) => expect(by(text)).toEqual([way]));

  it.each([
    [
      'the cache, where it is kept',
      "import { enableCompileCache } from 'node:module';",
      'io/compile-cache.ts',
      [],
    ],
    [
      'anything else there',
      "import { createRequire } from 'node:module';",
      'io/compile-cache.ts',
      ['by createRequire of node:module'],
    ],
    ['an import', "import './b.ts'; const c = () => import('./c.ts');", 'cli/a.ts', []],
    [
      'a function of the same name',
      'const f = (require: (n: string) => void) => require("a");',
      'cli/a.ts',
      [],
    ],
  ])('HOUSE-20: planted: %s', (_, text, file, ways) => expect(by(text, file)).toEqual(ways));
});

describe('JSON of others', () => {
  const cases: Planted[] = [
    ['read by parseForeign', { 'runtime/a.ts': 'const f = (t: string) => parseForeign(t);' }, []],
    [
      'read by JSON.parse',
      { 'runtime/a.ts': 'const f = (t: string) => JSON.parse(t);' },
      ['runtime/a.ts reads by JSON.parse'],
    ],
    [
      'read by JSON.parse in brackets',
      { 'cli/a.ts': "const f = (t: string) => JSON['parse'](t);" },
      ['cli/a.ts reads by JSON.parse'],
    ],
    [
      'read by what is taken out of it',
      { 'cli/a.ts': 'const { parse } = JSON;' },
      ['cli/a.ts reads by JSON.parse'],
    ],
    ['read by another name of it', { 'cli/a.ts': 'const j = JSON;' }, ['cli/a.ts reads by JSON.parse']],
    [
      'read by what is computed of it',
      { 'cli/a.ts': 'const f = (how: "parse") => JSON[how]("");' },
      ['cli/a.ts reads by JSON.parse'],
    ],
    [
      'read by JSON of the world',
      { 'cli/a.ts': 'const f = (t: string) => globalThis.JSON.parse(t);' },
      ['cli/a.ts reads by JSON.parse'],
    ],
    [
      'read by JSON taken out of the world',
      { 'cli/a.ts': 'const { JSON: j } = globalThis;' },
      ['cli/a.ts reads by JSON.parse'],
    ],
    [
      'read by the body of an answer, in brackets',
      { 'server/a.ts': "const f = (a: Answer) => a.body['json']();" },
      ['server/a.ts reads by .json()'],
    ],
    [
      'read by a consumer',
      { 'server/a.ts': "import { json as j } from 'node:stream/consumers';" },
      ['server/a.ts reads by json of node:stream/consumers'],
    ],
    [
      'read by all consumers',
      { 'server/a.ts': "import * as read from 'node:stream/consumers';" },
      ['server/a.ts reads by json of node:stream/consumers'],
    ],
    ['text of a consumer', { 'server/a.ts': "import { text } from 'node:stream/consumers';" }, []],
    [
      'read by JSON.parse handed on',
      { 'cli/a.ts': 'const f = (t: string[]) => t.map(JSON.parse);' },
      ['cli/a.ts reads by JSON.parse'],
    ],
    [
      'read by the body of an answer',
      { 'server/a.ts': 'const f = async (a: Answer) => (await a.body.json()) as object;' },
      ['server/a.ts reads by .json()'],
    ],
    ['an answer of ours', { 'server/a.ts': 'const f = (c: Context) => c.json({ ok: true });' }, []],
    ['what we wrote', { 'io/files.ts': 'const f = (t: string) => JSON.parse(t);' }, []],
    ['written', { 'cli/a.ts': 'const f = (v: object) => JSON.stringify(v);' }, []],
  ];
  it.each(cases)('HOUSE-16: planted: %s', (_, files, wrong) =>
    expect(found(foreignJson, files)).toEqual(wrong),
  );
});

describe('packages', () => {
  const plane = (text: string) => ({ 'runtime/a.ts': text });
  const refused = ['runtime/a.ts imports pg'];
  const cases: Planted[] = [
    ['one that is allowed', plane("import { z } from 'zod';"), []],
    [
      'a part of one that is allowed',
      { 'runtime/render/grafana/a.ts': "import '@grafana/grafana-foundation-sdk/common';" },
      [],
    ],
    [
      'one that is allowed in another place',
      { 'delivery/a.ts': "import 'yaml';" },
      ['delivery/a.ts imports yaml'],
    ],
    ['a client', plane("import pg from 'pg';"), refused],
    ['a client when it is needed', plane("const pg = () => import('pg');"), refused],
    ['a client for its types', plane("import type { Pool } from 'pg';"), refused],
    ['a client in a type', plane("type Pool = import('pg').Pool;"), refused],
    ['a client, passed on', plane("export { Pool } from 'pg';"), refused],
    ['a client, all of it passed on', plane("export * from 'pg';"), refused],
    ['a client by require', plane("const pg = require('pg');"), refused],
    [
      'a client by a require of its own',
      plane("import { createRequire } from 'node:module'; const load = createRequire('/'); load('pg');"),
      ['runtime/a.ts imports node:module', ...refused],
    ],
    [
      'a client by a require that has no name',
      plane("import { createRequire } from 'module'; createRequire('/')('pg');"),
      ['runtime/a.ts imports module', ...refused],
    ],
    ['a part of Node', plane("import { readFileSync } from 'node:fs';"), ['runtime/a.ts imports node:fs']],
    [
      'a part of Node without its prefix',
      plane("import { readFileSync } from 'fs';"),
      ['runtime/a.ts imports fs'],
    ],
    [
      'a part of Node, asked of the process',
      plane("process.getBuiltinModule('node:fs');"),
      ['runtime/a.ts imports node:fs'],
    ],
    ['one that nobody decided upon', plane("import 'left-pad';"), ['runtime/a.ts imports left-pad']],
    [
      'one whose name is computed',
      plane('const a = (name: string) => import(name);'),
      ['runtime/a.ts imports what is computed'],
    ],
    ['SHA-256 for the digest', { 'kit/digest.ts': "import { createHash } from 'node:crypto';" }, []],
    [
      'SHA-256 for anything else',
      { 'kit/a.ts': "import { createHash } from 'node:crypto';" },
      ['kit/a.ts imports node:crypto'],
    ],
    [
      'files of this machine',
      plane("import { readJson } from '../io/files.ts';"),
      ['runtime/a.ts imports io/files.ts'],
    ],
    [
      'files of this machine, for a renderer',
      { 'gitops/render/k6/a.ts': "import '../../../io/files.ts';" },
      ['gitops/render/k6/a.ts imports io/files.ts'],
    ],
    [
      'files of this machine, for an adapter',
      { 'gitops/adapters/x/a.ts': "import '../../../io/files.ts'; import 'node:fs';" },
      [],
    ],
    ['what the console shares', { 'api/a.ts': "import 'undici';" }, ['api/a.ts imports undici']],
    [
      'importers of what others declare',
      { 'declaration/import/a.ts': "import 'node:fs';" },
      ['declaration/import/a.ts imports node:fs'],
    ],
  ];
  it.each(cases)('HOUSE-9: planted: %s', (_, files, wrong) => expect(found(packages, files)).toEqual(wrong));

  const clients: Planted[] = [
    ['PostgreSQL for its ledger', { 'ledger/adapters/postgres/a.ts': "import pg from 'pg';" }, []],
    [
      'PostgreSQL for another ledger',
      { 'ledger/adapters/sqlite/a.ts': "import pg from 'pg';" },
      ['ledger/adapters/sqlite/a.ts imports pg: it belongs to ledger/adapters/postgres'],
    ],
    [
      'the Kubernetes client for a plane that could be handed ours',
      { 'delivery/adapters/argo-rollouts/a.ts': "import { KubeConfig } from '@kubernetes/client-node';" },
      ['delivery/adapters/argo-rollouts/a.ts imports @kubernetes/client-node: it belongs to io/kubernetes'],
    ],
    [
      'mail for the command line',
      { 'cli/a.ts': "const mail = () => import('nodemailer');" },
      ['cli/a.ts imports nodemailer: it belongs to server/notify'],
    ],
    [
      'a part of the HTTP server for the application',
      { 'app.ts': "import { serve } from '@hono/node-server'; import { stream } from 'hono/streaming';" },
      ['app.ts imports hono/streaming: it belongs to server'],
    ],
    ['HTTP for a plane that has its own', { 'runtime/adapters/prometheus/http.ts': "import 'undici';" }, []],
    [
      'HTTP for a room that has none',
      { 'controller/a.ts': "import { request } from 'undici';" },
      [expect.stringMatching(/^controller\/a.ts imports undici: it belongs to /) as unknown as string],
    ],
    [
      'HTTP for another file of the server',
      { 'server/app.ts': "const { request } = await import('undici');" },
      [expect.stringMatching(/^server\/app.ts imports undici: it belongs to /) as unknown as string],
    ],
    [
      'a program for wiring',
      { 'wiring/a.ts': "import { execa } from 'execa';" },
      [expect.stringMatching(/^wiring\/a.ts imports execa: it belongs to /) as unknown as string],
    ],
    ['a process for the machine', { 'io/os.ts': "import 'node:child_process';" }, []],
    [
      'a process for a server, without the prefix of Node',
      { 'server/a.ts': "import { fork } from 'child_process';" },
      [
        expect.stringMatching(
          /^server\/a.ts imports child_process: it belongs to cli\/demo/,
        ) as unknown as string,
      ],
    ],
    [
      'a thread for a command',
      { 'cli/a.ts': "import { Worker } from 'node:worker_threads';" },
      ['cli/a.ts imports node:worker_threads: it belongs to io/thread.ts, ledger/adapters/sqlite'],
    ],
    [
      'a text that is run',
      { 'cli/a.ts': "import 'node:vm';" },
      ['cli/a.ts imports node:vm: it belongs to no place'],
    ],
    ['a package that talks to nobody', { 'controller/a.ts': "import 'diff';" }, []],
  ];
  it.each(clients)('HOUSE-11: planted: %s', (_, files, wrong) =>
    expect(found(packages, files)).toEqual(wrong),
  );
});

describe('purity', () => {
  const uses = (text: string, file = 'delivery/a.ts') =>
    found(purity, { [file]: text }).map((one) => one.replace(`${file} uses `, ''));

  it.each([
    ['the clock', 'const now = () => Date.now();', 'Date.now'],
    ['the clock by another name', 'const { now } = Date;', 'Date'],
    ['the clock, handed on', 'export const clock = Date;', 'Date'],
    ['a date of now', 'const now = () => new Date();', 'new Date()'],
    ['a text of now', 'const now = () => Date();', 'Date'],
    ['a clock of its own', 'const now = () => performance.now();', 'performance.now'],
    [
      'the clock of Temporal',
      "import { Temporal } from 'temporal-polyfill'; Temporal.Now.instant();",
      'Temporal.Now',
    ],
    ['randomness', 'const die = () => Math.random();', 'Math.random'],
    ['randomness by another name', 'const { random } = Math;', 'Math.random'],
    ['randomness of the system', 'const id = () => crypto.randomUUID();', 'crypto.randomUUID'],
    ['the environment', "const home = () => process.env['HOME'];", 'process.env'],
    ['the environment by another name', 'const p = process;', 'process'],
    ['the environment by the world', 'const p = globalThis.process;', 'globalThis.process'],
    ['a timer', 'const wait = () => setTimeout(() => {}, 5);', 'setTimeout'],
    ['a timer that is a signal', 'const limit = () => AbortSignal.timeout(5);', 'AbortSignal.timeout'],
    ['the network', "const get = () => fetch('http://x');", 'fetch'],
    ['a console', "console.log('here');", 'console.log'],
    ['the language of the machine', 'const t = (n: number) => n.toLocaleString();', 'toLocaleString'],
    [
      'the order of the language of the machine',
      'const c = (a: string) => a.localeCompare(a);',
      'localeCompare',
    ],
    ['formats of the language of the machine', 'const f = new Intl.NumberFormat();', 'Intl.NumberFormat'],
    ['the time zone of the machine', 'const h = (d: Date) => d.getHours();', 'getHours'],
    ['the place of its own file', 'const here = import.meta.dirname;', 'import.meta'],
    ['the clock in brackets', "const now = () => Date['now']();", 'Date.now'],
    ['a member of the clock by a computed name', 'const f = (UTC: "now") => Date[UTC]();', 'Date'],
    [
      'the clock of Temporal in brackets',
      "import { Temporal } from 'temporal-polyfill'; Temporal['Now'].instant();",
      'Temporal.Now',
    ],
    [
      'the clock of Temporal by an alias',
      "import { Temporal as T } from 'temporal-polyfill'; T.Now.instant();",
      'Temporal.Now',
    ],
    [
      'the clock of Temporal, taken out',
      "import { Temporal as T } from 'temporal-polyfill'; const { Now } = T;",
      'Temporal.Now',
    ],
    ['the clock of Temporal, taken out by another name', 'const { Now: n } = Temporal;', 'Temporal.Now'],
    [
      'the clock of Temporal of a whole module',
      "import * as t from 'temporal-polyfill'; t.Temporal.Now;",
      'Temporal.Now',
    ],
    [
      'the clock of Temporal by a constant',
      "import { Temporal } from 'temporal-polyfill'; const T = Temporal; T.Now;",
      'Temporal.Now',
    ],
    [
      'a member of Temporal by a computed name',
      "import { Temporal as T } from 'temporal-polyfill'; const f = (k: 'Now') => T[k];",
      'Temporal by a computed name',
    ],
    ['a date of the time zone of the machine', 'const d = new Date(2026, 1, 1);', 'new Date(year, …)'],
    ['a date of any parts', 'const d = (all: [number, number]) => new Date(...all);', 'new Date(year, …)'],
    [
      'an hour of the time zone of the machine that is set',
      'const f = (d: Date) => d.setHours(0);',
      'setHours',
    ],
    ['a day of the machine in words', 'const f = (d: Date) => d.toDateString();', 'toDateString'],
    ['an hour of the machine in brackets', "const f = (d: Date) => d['getHours']();", 'getHours'],
    ['an hour of the machine, taken out', 'const f = ({ getHours }: Date) => getHours;', 'getHours'],
    ['randomness in brackets', "const die = () => Math['random']();", 'Math.random'],
    ['randomness by a computed name', 'const f = (max: "random") => Math[max]();', 'Math.random'],
    ['a socket', "const s = new WebSocket('ws://x');", 'WebSocket'],
    ['a stream of a server', "const s = new EventSource('/x');", 'EventSource'],
    ['the browser', 'const l = navigator.language;', 'navigator.language'],
    ['what a browser keeps', "const l = localStorage.getItem('a');", 'localStorage.getItem'],
    [
      'a wait that holds everything up',
      'const f = (a: Int32Array) => Atomics.wait(a, 0, 0, 5);',
      'Atomics.wait',
    ],
    ['the memory of the machine', 'const f = (a: object) => new WeakRef(a);', 'WeakRef'],
    ['the clock inside a default', 'function f(now = Date.now()) { return now; }', 'Date.now'],
    [
      'the clock in one branch',
      'const f = (a: boolean) => { if (a) { return Date.now(); } return 0; };',
      'Date.now',
    ],
  ])('HOUSE-9: planted: %s', (_, text, use) => expect(uses(text)).toEqual([use]));

  it.each([
    [
      'moments that are given',
      'const f = (at: number) => new Date(at).toISOString() + Date.UTC(2026, 1) + Math.max(at, 1);',
    ],
    ['its name in a comment or a text', "// Date.now()\nconst s = 'Date.now()';"],
    ['its name as a key', 'const t = { fetch: 1, process: 2, console: 3 }; t.fetch + t.process;'],
    ['a value of the same name', 'const f = (process: { env: string }) => process.env;'],
    ['a function of the same name', "import { fetch } from './fetch.ts'; fetch('x');"],
    ['a variable of the same name', 'const f = () => { const performance = 5; return performance; };'],
    ['a value of the same name among others', 'const f = ({ fetch }: { fetch: () => void }) => fetch();'],
    ['a type of the same name', 'interface Date2 { readonly at: Date } let f: (d: Date) => Performance;'],
    ['whether it is a date', 'const f = (d: unknown) => d instanceof Date;'],
  ])('HOUSE-9: planted, nothing wrong: %s', (_, text) => expect(uses(text)).toEqual([]));

  it.each([
    ['kit/a.ts', true],
    ['promql/a.ts', true],
    ['api/a.ts', true],
    ['runtime/render/prometheus/a.ts', true],
    ['declaration/import/a.ts', true],
    ['delivery/adapters/nginx/a.ts', false],
    ['io/a.ts', false],
    ['controller/a.ts', false],
    ['server/a.ts', false],
  ])('HOUSE-9: planted in %s, the clock is found: %s', (file, is) =>
    expect(uses('const now = () => Date.now();', file)).toEqual(is ? ['Date.now'] : []),
  );
});

describe('planners of the controller', () => {
  const clock = 'export const now = () => Date.now();';
  it.each<Planted>([
    [
      'one with the clock',
      { 'controller/lanes/planner.ts': clock },
      ['controller/lanes/planner.ts uses Date.now'],
    ],
    [
      'that of a list',
      { 'controller/gate/list-plan.ts': clock },
      ['controller/gate/list-plan.ts uses Date.now'],
    ],
    ['that decides', { 'controller/gate/decide.ts': clock }, ['controller/gate/decide.ts uses Date.now']],
    [
      'one that uses a file with the clock, by way of another',
      {
        'controller/load/planner.ts': "import { a } from './a.ts';",
        'controller/load/a.ts': "export { now as a } from '../b.ts';",
        'controller/b.ts': clock,
      },
      ['controller/b.ts uses Date.now'],
    ],
    [
      'one that takes a type from there',
      { 'controller/load/planner.ts': "import type { A } from '../b.ts';", 'controller/b.ts': clock },
      [],
    ],
    [
      'one with a package',
      { 'controller/load/planner.ts': "import { readFileSync } from 'node:fs';" },
      ['controller/load/planner.ts imports node:fs'],
    ],
    ['a handler', { 'controller/load/handlers.ts': clock }, []],
  ])('HOUSE-21: planted: %s', (_, files, wrong) => expect(found(plannerPurity, files)).toEqual(wrong));
});

describe('state of modules', () => {
  const state = (text: string) =>
    found(moduleState, { 'cli/a.ts': text }).map((one) => one.replace('cli/a.ts: ', ''));

  it.each([
    ['a variable', 'let count = 0;', 'count may change'],
    ['an exported variable', 'export let count = 0;', 'count may change'],
    ['a variable of old', 'var count = 0;', 'count may change'],
    ['variables out of an object', 'let { a } = { a: 1 };', 'a may change'],
    [
      'a map that is filled',
      'const seen = new Map(); const f = (k: string) => seen.set(k, 1);',
      'seen is changed in place',
    ],
    [
      'a typed map that is filled',
      'const seen: Map<string, number> = new Map(); function f() { seen.set("a", 1); }',
      'seen is changed in place',
    ],
    [
      'a set that is emptied',
      'export const seen = new Set<string>(); export const f = () => seen.clear();',
      'seen is changed in place',
    ],
    [
      'a list that grows',
      'const all: string[] = []; const f = (s: string) => { all.push(s); };',
      'all is changed in place',
    ],
    ['a list that is sorted', 'const all = [2, 1]; const f = () => all.sort();', 'all is changed in place'],
    [
      'an entry that is set',
      'const cache: Record<string, number> = {}; const f = (k: string) => { cache[k] = 1; };',
      'cache is changed in place',
    ],
    ['an entry that is counted up', 'const n = { a: 0 }; const f = () => n.a++;', 'n is changed in place'],
    [
      'an entry that is deleted',
      'const n: { a?: 0 } = {}; const f = () => delete n.a;',
      'n is changed in place',
    ],
    [
      'an entry of an entry',
      'const n = { a: { b: [] as number[] } }; const f = () => n.a.b.push(1);',
      'n is changed in place',
    ],
    [
      'an object that is merged into',
      'const n = {}; const f = () => Object.assign(n, { a: 1 });',
      'n is changed in place',
    ],
    [
      'an object behind a type',
      'const n = { a: 1 } as { a: number }; const f = () => { n.a = 2; };',
      'n is changed in place',
    ],
    [
      'a map that is filled while it is made',
      'const all = new Map(); for (const k of [1]) all.set(k, k);',
      'all is changed in place',
    ],
    ['a field of a class', 'class A { static count = 0; }', 'count is changed in place'],
  ])('HOUSE-3: planted: %s', (_, text, wrong) => expect(state(text)).toEqual([wrong]));

  it.each([
    ['a table', 'const table = { a: 1 }; export const f = (k: "a") => table[k];'],
    ['a map that is read', 'const all = new Map([[1, 2]]); export const f = () => all.get(1);'],
    ['a list that is copied', 'const all = [2, 1]; export const f = () => [...all].sort();'],
    ['a map of a function', 'const f = () => { const seen = new Map(); seen.set(1, 1); return seen; };'],
    [
      'a parameter of the same name',
      'const seen = new Map(); const f = (seen: Map<number, number>) => seen.set(1, 1);',
    ],
    [
      'a variable of a function of the same name',
      'const all: number[] = []; const f = () => { const all: number[] = []; all.push(1); return all; };',
    ],
    [
      'a variable of a loop',
      'const n = { a: 1 }; const f = (l: { a: number }[]) => { for (const n of l) n.a = 2; };',
    ],
    ['a constant of a class', 'class A { static readonly limit = 5; }'],
    ['a local variable', 'const f = () => { let n = 0; n++; return n; };'],
  ])('HOUSE-3: planted, nothing wrong: %s', (_, text) => expect(state(text)).toEqual([]));
});

describe('types that can be taken away', () => {
  it.each([
    ['an enum', 'export enum A { B }'],
    ['an enum', 'const enum A { B }'],
    ['a namespace', 'namespace A { export const b = 1; }'],
    ['a parameter property', 'class A { constructor(private readonly b: number) {} }'],
    ['a decorator', '@sealed class A {}'],
    ['an import assignment', "import a = require('a');"],
    ['a type in front of a value', 'const a = <string>b;'],
  ])('HOUSE-5: planted: %s, in %s', (what, text) =>
    expect(found(typeStripping, { 'cli/a.ts': text })).toEqual([`cli/a.ts has ${what}`]),
  );

  it('HOUSE-5: planted, nothing wrong: what is declared and what is a type', () =>
    expect(
      found(typeStripping, {
        'cli/a.ts': 'declare namespace A { const b: number; } type C = string; const d = 1 as unknown as C;',
      }),
    ).toEqual([]));
});

describe('the console', () => {
  it.each([
    ['view models', "import { v } from '../../src/api/views.ts'; import '../../src/kit/time.ts';", []],
    ['names of the machine', "import { FAMILY } from '../../src/delivery/machine.ts';", []],
    ['a plane', "import '../../src/delivery/decide.ts';", ['a.tsx → ../../src/delivery/decide.ts']],
    [
      'a plane, a type',
      "import type { A } from '../../src/runtime/port.ts';",
      ['a.tsx → ../../src/runtime/port.ts'],
    ],
    [
      'a plane, when it is needed',
      "const a = () => import('../../src/server/app.ts');",
      ['a.tsx → ../../src/server/app.ts'],
    ],
    ['a part of Node', "import 'node:fs';", ['a.tsx → node:fs']],
    ['its own parts and packages', "import { useState } from 'react'; import './b.tsx';", []],
  ])('HOUSE-6: planted: %s', (_, text, wrong) =>
    expect(found(consoleImports, { 'a.tsx': text })).toEqual(wrong),
  );
});

describe('what the console reaches', () => {
  const page = "import { a } from '../../src/api/a.ts';";
  it.each<[string, Record<string, string>, string[]]>([
    [
      'a part of Node by way of others',
      {
        'console/src/p.tsx': page,
        'src/api/a.ts': "import { b } from '../kit/b.ts'; export const a = b;",
        'src/kit/b.ts': "import { hash } from 'node:crypto'; export const b = hash;",
      },
      ['console/src/p.tsx → src/api/a.ts → src/kit/b.ts → node:crypto'],
    ],
    [
      'a type alone',
      {
        'console/src/p.tsx': page,
        'src/api/a.ts': "import type { B } from '../kit/b.ts'; export const a: B = 1;",
        'src/kit/b.ts': "import 'node:crypto'; export type B = number;",
      },
      [],
    ],
  ])('HOUSE-15: planted: %s', (_, files, wrong) => expect(found(consoleReach, files)).toEqual(wrong));
});
