import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { request } from 'undici';
import { decideOnce, type OnceWiring } from '../src/app/gate-once.ts';
import type { Io } from '../src/cli/io.ts';
import { workerReader } from '../src/controller/adapters/worker/reader.ts';
import { isReadingThread, serveReading } from '../src/controller/adapters/worker/serve.ts';
import { githubForge } from '../src/gitops/adapters/forge-github/forge.ts';
import { wasmPolicy } from '../src/governance/adapters/opa-wasm/policy.ts';
import type { Decision } from '../src/governance/decision.ts';
import { decisionMarkdown, decisionSentence } from '../src/governance/decision-text.ts';
import { TOKEN_NAME } from '../src/governance/render/github-actions/workflows.ts';
import { parseForeign } from '../src/kit/json.ts';
import { oneLine } from '../src/kit/line.ts';
import { fail, messageOf, ok } from '../src/kit/result.ts';
import { memoryLedger } from '../src/ledger/adapters/memory/ledger.ts';
import { accessOf } from '../src/runtime/adapters/prometheus/access.ts';
import { prometheusHttp } from '../src/runtime/adapters/prometheus/http.ts';
import { readSecret } from '../src/wiring/secrets.ts';

/** The gate as a step of a workflow: asks a server of ours, or looks itself, and says it where the runner shows it. */
type Env = Readonly<Record<string, string | undefined>>;

/** The checkout of the action: its policy lies there. */
const ROOT = join(import.meta.dirname, '..');
const TIMEOUT_MS = 60_000;
const input = (env: Env, name: string): string => (env[`INPUT_${name.toUpperCase()}`] ?? '').trim();

/** Within a command of the runner. */
const escaped = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** A line of the log that is no command of the runner: it takes `::` where a line begins, and `##[` anywhere. */
const logged = (text: string): string =>
  `  ${oneLine(text)
    .replaceAll('##[', '## [')
    .replace(/^[\s:]+/, '')}\n`;

const appendTo = (file: string | undefined, text: string): void => {
  if (file) appendFileSync(file, `${text}\n`);
};

function put(env: Env, name: string, value: string): void {
  // Nobody who writes the value can know where it ends.
  const fence = `sluice-${randomUUID()}`;
  appendTo(env['GITHUB_OUTPUT'], `${name}<<${fence}\n${value}\n${fence}`);
}

/** What the runner says of itself to our server: a token that names repository, workflow and reference. */
async function identity(env: Env, audience: string): Promise<string> {
  const [url, token] = [env['ACTIONS_ID_TOKEN_REQUEST_URL'], env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']];
  if (!url || !token) throw new Error('the job has no identity: give it the permission id-token: write');
  const answer = await request(`${url}&audience=${encodeURIComponent(audience)}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return (parseForeign(await answer.body.text()) as { value: string }).value;
}

async function askServer(env: Env, server: string, number: number): Promise<Decision> {
  const token = await identity(env, input(env, 'audience'));
  const answer = await request(`${server.replace(/\/$/, '')}/api/v1/pulls/${number}/evaluation`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200)
    throw new Error(`the server answers ${answer.statusCode}: ${text.slice(0, 300)}`);
  return parseForeign(text) as Decision;
}

/** What a look from a job needs: GitHub, Prometheus and the policy beside this file; no ledger, no server. */
const wiring: OnceWiring = {
  async openForge({ platform, env }) {
    const { forge } = platform;
    if (forge?.at.kind !== 'github')
      return fail('the declaration names no GitHub repository: spec.forge.github');
    const { address, repository } = forge.at;
    const token = env[TOKEN_NAME];
    if (!token)
      return fail(`the environment variable ${TOKEN_NAME} is not set: the rendered workflow sets it`);
    const api = env['GITHUB_API_URL'] || address;
    return ok(
      githubForge({ address: api, repository, branch: forge.branch, webhookSecret: '', auth: { token } }),
    );
  },
  async openPolicy({ platform, directory, root }) {
    const { bundle } = platform.policy;
    const team = bundle ? { file: resolve(directory, bundle.path), digest: bundle.digest } : null;
    return ok({
      port: wasmPolicy({ directory: join(root, 'policy'), team }),
      wasm: null,
      close: async () => {},
    });
  },
  async openMetrics(platform, environment, address, env) {
    const { prometheus } = platform.environments.find((e) => e.name === environment)!;
    const access = accessOf(prometheus, address, (ref) => readSecret(ref, env));
    return access.ok ? ok(prometheusHttp(access.value)) : access;
  },
  // The thread runs this very file: see the end of it.
  openReader: async ({ platform }) => workerReader(platform, { entry: import.meta.filename }),
  openExistingLedger: async () => null,
  openMemoryLedger: async (id) => memoryLedger(id),
};

async function lookHere(env: Env, number: number): Promise<Decision> {
  const io: Io = {
    out: () => {},
    err: () => {},
    env,
    cwd: env['GITHUB_WORKSPACE'] ?? process.cwd(),
    outTty: false,
    errTty: false,
    signal: new AbortController().signal,
  };
  const declaration = input(env, 'declaration') || '.';
  // No ledger lies where nothing is: past releases are unknown here, and the decision says so.
  const options = { work: join(io.cwd, '.sluice-none'), declaration, post: true };
  const decided = await decideOnce(io, options, number, ROOT, wiring);
  if (!decided.ok) throw new Error(`${decided.error.code}: ${decided.error.message}`);
  return decided.value;
}

/** The numbers that the input stands for. */
function numbersOf(env: Env): number[] {
  const wanted = input(env, 'pull-request');
  if (/^[1-9]\d*$/.test(wanted)) return [Number(wanted)];
  const event = parseForeign(readFileSync(env['GITHUB_EVENT_PATH'] ?? '', 'utf8')) as {
    merge_group?: { head_ref: string };
  };
  const group = /\/pr-(\d+)-[0-9a-f]+$/.exec(event.merge_group?.head_ref ?? '')?.[1];
  if (wanted === 'merge-group' && group) return [Number(group)];
  throw new Error(`"${wanted}" is not the number of a pull request`);
}

async function openNumbers(env: Env): Promise<number[]> {
  const [api, repository] = [env['GITHUB_API_URL'], env['GITHUB_REPOSITORY']];
  const token = env[TOKEN_NAME];
  const numbers: number[] = [];
  for (let page = 1; page <= 10; page++) {
    const answer = await request(`${api}/repos/${repository}/pulls?state=open&per_page=100&page=${page}`, {
      headers: { 'user-agent': 'sluice', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (answer.statusCode !== 200) throw new Error(`the forge answers ${answer.statusCode}`);
    const found = parseForeign(await answer.body.text()) as { number: number }[];
    numbers.push(...found.map((p) => p.number));
    if (found.length < 100) break;
  }
  return numbers;
}

function tell(env: Env, number: number, decision: Decision): void {
  appendTo(env['GITHUB_STEP_SUMMARY'], decisionMarkdown(decision, Date.now(), null));
  const level = decision.allow ? 'notice' : 'error';
  process.stdout.write(`::${level} title=Sluice gate, #${number}::${escaped(decisionSentence(decision))}\n`);
  for (const d of decision.deny) process.stdout.write(logged(`${d.code}: ${d.msg}`));
}

/** Exit 0 only if everything that was asked about may merge. */
async function run(env: Env): Promise<number> {
  try {
    const all = input(env, 'pull-request') === 'all';
    const numbers = all ? await openNumbers(env) : numbersOf(env);
    const server = input(env, 'server');
    let denied = 0;
    for (const number of numbers) {
      const decision = server ? await askServer(env, server, number) : await lookHere(env, number);
      tell(env, number, decision);
      put(env, 'allow', String(decision.allow));
      put(env, 'decision', JSON.stringify(decision));
      if (!decision.allow) denied++;
    }
    // A scheduled look at all of them posts each answer; none of them fails the schedule.
    return denied > 0 && !all ? 1 : 0;
  } catch (thrown) {
    process.stdout.write(`::error title=Sluice gate::${escaped(messageOf(thrown))}\n`);
    return 1;
  }
}

if (isReadingThread()) serveReading();
else process.exitCode = await run(process.env);
