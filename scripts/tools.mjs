#!/usr/bin/env node
// Builds the Go programs that some tests drive, once per version, outside of the checkout. No dependency.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is built: module, version, package in it; `keep` names folders of the module that the program needs to run. */
export const TOOLS = {
  opa: { module: 'github.com/open-policy-agent/opa', version: 'v1.22.2', package: '.' },
  actionlint: { module: 'github.com/rhysd/actionlint', version: 'v1.7.12', package: './cmd/actionlint' },
  act: { module: 'github.com/nektos/act', version: 'v0.2.87', package: '.' },
  gitea: {
    module: 'code.gitea.io/gitea',
    version: 'v1.26.0',
    package: '.',
    cgo: true,
    tags: 'sqlite sqlite_unlock_notify',
    keep: ['templates', 'options', 'public'],
  },
  k6: { module: 'go.k6.io/k6', version: 'v1.8.1', package: '.' },
  helm: { module: 'helm.sh/helm/v3', version: 'v3.21.4', package: './cmd/helm' },
};

const cache = () =>
  process.env.SLUICE_TOOLS ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice', 'tools');

/** Where a tool lies once it is built. */
export const toolFolder = (name) => join(cache(), `${name}-${TOOLS[name].version}`);
export const toolPath = (name) => join(toolFolder(name), name);

const lines = (text) => text.trim().split('\n').slice(-12).join('\n');

function go(args, options = {}) {
  return new Promise((done) => {
    const child = spawn('go', args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.once('error', (error) => done({ ok: false, out, err: String(error) }));
    child.once('exit', (code) => done({ ok: code === 0, out, err }));
  });
}

/** Builds in the module's own folder, so that its own go.sum says what goes in. */
async function build(name) {
  const { module, version, package: pkg, cgo, tags, keep = [] } = TOOLS[name];
  const fetched = await go(['mod', 'download', '-json', `${module}@${version}`], { cwd: tmpdir() });
  if (!fetched.ok) return `${module}@${version} cannot be fetched:\n${lines(fetched.err + fetched.out)}`;
  const source = JSON.parse(fetched.out).Dir;
  mkdirSync(cache(), { recursive: true });
  const temporary = mkdtempSync(join(cache(), `.${name}-`));
  const tail = version.slice(1);
  const built = await go(
    [
      'build',
      '-C',
      source,
      '-trimpath',
      '-mod=readonly',
      ...(tags ? ['-tags', tags] : []),
      '-ldflags',
      `-s -w -X main.version=${tail}`,
      '-o',
      join(temporary, name),
      pkg,
    ],
    { env: { ...process.env, CGO_ENABLED: cgo ? '1' : '0', GOFLAGS: '', GOWORK: 'off' } },
  );
  if (!built.ok) {
    rmSync(temporary, { recursive: true, force: true });
    return `${name} ${version} does not build:\n${lines(built.err)}`;
  }
  for (const folder of keep) cpSync(join(source, folder), join(temporary, folder), { recursive: true });
  spawnSync('chmod', ['-R', 'u+w,a+rX', temporary]);
  rmSync(toolFolder(name), { recursive: true, force: true });
  renameSync(temporary, toolFolder(name));
  return null;
}

/** Builds what is asked for and not there yet, one after the other: each uses every core. */
export async function buildTools(names = Object.keys(TOOLS)) {
  const missing = names.filter((name) => !existsSync(toolPath(name)));
  if (missing.length === 0) return 0;
  if (spawnSync('go', ['version']).status !== 0) {
    process.stderr.write(`Building ${missing.join(', ')} needs Go (1.26 or later), which is not on PATH.\n`);
    process.stderr.write(
      'Next: install Go (Debian: apt-get install golang-go; macOS: brew install go) and run `npm run tools` again.\n',
    );
    return 3;
  }
  let failed = 0;
  for (const name of missing) {
    const begun = Date.now();
    process.stderr.write(`Building ${name} ${TOOLS[name].version} …\n`);
    const why = await build(name);
    const seconds = Math.round((Date.now() - begun) / 1000);
    process.stderr.write(why ? `${why}\n` : `  ${toolPath(name)} after ${seconds} s\n`);
    if (why) failed++;
  }
  return failed ? 1 : 0;
}

if (import.meta.main ?? process.argv[1]?.endsWith('tools.mjs'))
  process.exitCode = await buildTools(process.argv.length > 2 ? process.argv.slice(2) : undefined);
