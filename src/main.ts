import { existsSync, readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from './cli/io.ts';
import { repositoryOf } from './cli/places.ts';
import type { ServeAdapters } from './cli/serve.ts';
import {
  branchesOf,
  branchOf,
  type ClusterPlace,
  lanesOf,
  type Notification,
  type Platform,
  type SecretRef,
} from './declaration/platform.ts';
import type { ArgoRollouts } from './delivery/adapters/argo-rollouts/delivery.ts';
import { COMMANDS } from './delivery/events.ts';
import { fail, mapOk, messageOf, ok, type Result } from './kit/result.ts';
import { systemClock } from './kit/time.ts';
import { LedgerUnavailable } from './ledger/port.ts';
import type { Kubernetes } from './runtime/adapters/kubernetes/client.ts';
import { readSecret } from './runtime/adapters/prometheus/access.ts';
import type { Sender } from './server/notify/port.ts';

/** The composition root: the only file that chooses adapters. */
const ROOT = resolve(import.meta.dirname, '..');
const VERSION = '0.1.0';

const ledgerFile = (work: string): string => join(work, 'ledger.sqlite');
const openFile = async (work: string, id: string) =>
  (await import('./ledger/adapters/sqlite/ledger.ts')).sqliteLedger({ file: ledgerFile(work), id });
const openLedger: ServeAdapters['openLedger'] = async (work, platform, env) => {
  if (!platform.ledger) return ok(await openFile(work, platform.name));
  const url = readSecret(platform.ledger.url, env);
  if (!url.ok) return url;
  const { postgresLedger } = await import('./ledger/adapters/postgres/ledger.ts');
  const name = env['SLUICE_NAME'] ?? `${hostname()}/${process.pid}`;
  // Where the others pass on what only the leader may do.
  const address = env['SLUICE_ADDRESS'];
  const holder = address ? `${name} at ${address}` : name;
  return ok(await postgresLedger({ url: url.value, id: platform.name, holder }));
};

/** Where a forge keeps the repository itself, and how to sign in there; null: it lies on this machine. */
function remoteOf(platform: Platform, work: string, env: Io['env']) {
  const at = platform.forge?.at;
  if (!at || at.kind === 'local' || platform.repository.path !== 'embedded') return ok(null);
  const address = new URL(at.address);
  // The API of GitHub has an address of its own; that of an installation lies below its address.
  const base =
    at.kind === 'github' ? `${address.protocol}//${address.host.replace(/^api\./, '')}` : at.address;
  const remote = { directory: repositoryOf(platform, work), url: `${base}/${at.repository}.git` };
  const basic = (token: string) => `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  if (at.kind === 'github' && 'app' in at.auth) {
    const { id, installation, privateKey } = at.auth.app;
    const key = readSecret(privateKey, env);
    if (!key.ok) return key;
    return ok({
      ...remote,
      authorization: async () => {
        const { createAppAuth } = await import('@octokit/auth-app');
        const auth = createAppAuth({ appId: id, privateKey: key.value, installationId: installation });
        return basic((await auth({ type: 'installation' })).token);
      },
    });
  }
  const token = readSecret(at.kind === 'gitea' ? at.token : (at.auth as { token: SecretRef }).token, env);
  return token.ok ? ok({ ...remote, authorization: async () => basic(token.value) }) : token;
}

/** The API of a declared cluster: by its kubeconfig, or that of the cluster which this runs in. */
async function openCluster(place: ClusterPlace, env: Io['env']): Promise<Result<Kubernetes, string>> {
  const kubeconfig = place.kubeconfig ? readSecret(place.kubeconfig, env) : ok(null);
  if (!kubeconfig.ok) return kubeconfig;
  const { openKubernetes } = await import('./runtime/adapters/kubernetes/client.ts');
  try {
    const named = { kubeconfig: kubeconfig.value, context: place.context };
    return ok(openKubernetes(named, () => systemClock.now()));
  } catch (thrown) {
    return fail(messageOf(thrown));
  }
}

/** Who tells one receiver, with its secret read; else which secret is missing. */
function openSender(
  senders: typeof import('./server/notify/senders.ts'),
  to: Notification['to'],
  env: Io['env'],
): Result<Sender, string> {
  const optional = (secret: SecretRef | null): Result<string | null, string> =>
    secret ? readSecret(secret, env) : ok(null);
  switch (to.kind) {
    case 'slack':
      return mapOk(readSecret(to.token, env), (token) => senders.slackSender({ ...to, token }));
    case 'teams':
      return mapOk(readSecret(to.url, env), (url) => senders.teamsSender({ url }));
    case 'email':
      return mapOk(optional(to.password), (password) => senders.emailSender({ ...to, password }));
    case 'webhook':
      return mapOk(optional(to.secret), (key) => senders.webhookSender({ ...to, secret: key }));
  }
}

const adapters: ServeAdapters = {
  root: ROOT,
  openLedger,
  startStack: async (options) => (await import('./embedded/stack.ts')).startStack(options),
  async openDesired(platform, work, directory, env, warn) {
    const { gitDesired } = await import('./gitops/adapters/git/desired.ts');
    const { openRepository } = await import('./gitops/adapters/git/repository.ts');
    const { path, pollMs } = platform.repository;
    const branches = branchesOf(platform);
    const repository = repositoryOf(platform, work);
    const seed = join(directory, 'desired');
    const lanes = lanesOf(platform).map(({ service, environment }) => ({
      service: service.name,
      environment: environment.name,
      branch: branchOf(platform, environment),
    }));
    const remote = remoteOf(platform, work, env);
    if (!remote.ok) return remote;
    if (remote.value) {
      const { remoteCopy } = await import('./gitops/adapters/git/remote.ts');
      const copy = remoteCopy({ ...remote.value, pollMs, now: () => Date.now(), warn });
      return ok({ repository: gitDesired(repository, lanes, copy), push: copy.push });
    }
    if (platform.forge?.at.kind === 'local') {
      const { openBare } = await import('./gitops/adapters/forge-local/forge.ts');
      const fill = (scratch: string) => openRepository(scratch, branches, seed);
      await openBare(repository, branches, fill, join(work, 'forge', 'seed'));
    } else if (path === 'embedded') await openRepository(repository, branches, seed);
    return ok({ repository: gitDesired(repository, lanes), push: null });
  },
  async openForge(platform, work, env) {
    const { forge } = platform;
    if (!forge) return ok(null);
    if (forge.at.kind === 'local') {
      const { localForge } = await import('./gitops/adapters/forge-local/forge.ts');
      return ok(
        localForge({
          repository: repositoryOf(platform, work),
          file: join(work, 'forge', 'pulls.json'),
          branch: forge.branch,
          branches: branchesOf(platform),
          check: forge.check,
          webhookSecret: '',
          now: () => Date.now(),
        }),
      );
    }
    const webhookSecret = readSecret(forge.at.webhookSecret, env);
    if (!webhookSecret.ok) return webhookSecret;
    const branches = branchesOf(platform);
    const shared = {
      branch: forge.branch,
      branches,
      repository: forge.at.repository,
      address: forge.at.address,
    };
    if (forge.at.kind === 'gitea') {
      const token = readSecret(forge.at.token, env);
      if (!token.ok) return token;
      const { giteaForge } = await import('./gitops/adapters/forge-gitea/forge.ts');
      return ok(giteaForge({ ...shared, token: token.value, webhookSecret: webhookSecret.value }));
    }
    const { githubForge } = await import('./gitops/adapters/forge-github/forge.ts');
    const { auth } = forge.at;
    const secret = readSecret('token' in auth ? auth.token : auth.app.privateKey, env);
    if (!secret.ok) return secret;
    return ok(
      githubForge({
        ...shared,
        webhookSecret: webhookSecret.value,
        auth:
          'token' in auth
            ? { token: secret.value }
            : { appId: auth.app.id, installation: auth.app.installation, privateKey: secret.value },
      }),
    );
  },
  async openPolicy(platform, directory, env) {
    const { server, bundle } = platform.policy;
    const own = join(ROOT, 'policy');
    if (server) {
      const { serverPolicy } = await import('./governance/adapters/opa-server/policy.ts');
      const bearer = server.bearer ? readSecret(server.bearer, env) : ok(null);
      if (!bearer.ok) return bearer;
      const { digest } = JSON.parse(readFileSync(join(own, 'sluice.json'), 'utf8')) as { digest: string };
      const port = serverPolicy({
        address: server.address,
        ...(bearer.value ? { bearer: bearer.value } : {}),
        team: bundle !== null,
        expected: digest,
      });
      return ok({ port, wasm: readFileSync(join(own, 'sluice.wasm')) });
    }
    const { wasmPolicy } = await import('./governance/adapters/opa-wasm/policy.ts');
    const team = bundle ? { file: resolve(directory, bundle.path), digest: bundle.digest } : null;
    return ok({ port: wasmPolicy({ directory: own, team }), wasm: readFileSync(join(own, 'sluice.wasm')) });
  },
  openReader: async (platform) =>
    (await import('./controller/adapters/worker/reader.ts')).workerReader(platform),
  async openSignIn(platform, env, now) {
    const { createSignIn } = await import('./server/sign-in.ts');
    const ref = platform.signIn.people?.clientSecret ?? null;
    const secret = ref ? readSecret(ref, env) : ok(null);
    return secret.ok ? ok(createSignIn(platform.signIn, secret.value, now)) : secret;
  },
  openKept: (wasm, identity) => ({
    engine: 'wasm',
    identity: async () => ok(identity),
    team: async () => ok([]),
    gate: async (facts) =>
      (await import('./governance/adapters/opa-wasm/policy.ts')).keptPolicy(wasm, identity).gate(facts),
  }),
  async anchor(repository, ledger, now, push) {
    const { writeAnchor } = await import('./gitops/adapters/git/anchors.ts');
    const { seq, hash } = await ledger.head();
    return seq === 0 ? ok(null) : writeAnchor(repository, { ledger: ledger.id, seq, hash, at: now }, push);
  },
  async openMetrics(platform, environment, address, env) {
    const { accessOf } = await import('./runtime/adapters/prometheus/access.ts');
    const { prometheusHttp } = await import('./runtime/adapters/prometheus/http.ts');
    const { prometheus } = platform.environments.find((e) => e.name === environment)!;
    const access = accessOf(prometheus, address, env);
    return access.ok ? ok(prometheusHttp(access.value)) : access;
  },
  async openLoad(work, env, addressOf) {
    const { findK6, loadRunner } = await import('./gitops/adapters/load-test/runner.ts');
    const directory = join(work, 'load');
    return loadRunner({ directory, env, k6: findK6(env), addressOf, now: () => Date.now() });
  },
  async openClusters(platform, env, warn) {
    const followed = platform.environments.filter((e) => e.delivery === 'argo-rollouts');
    const opened = new Map<string, ArgoRollouts>();
    for (const { name, cluster } of followed) {
      const kubernetes = await openCluster(cluster, env);
      if (!kubernetes.ok) return fail(`the cluster of ${name}: ${kubernetes.error}`);
      const { argoRollouts } = await import('./delivery/adapters/argo-rollouts/delivery.ts');
      const { namespace } = cluster;
      opened.set(name, argoRollouts({ kubernetes: kubernetes.value, clock: systemClock, namespace, warn }));
    }
    return ok({
      delivery: (environment) => opened.get(environment)!.delivery,
      asked: (service, environment) => opened.get(environment)?.asked(service) ?? null,
      close: async () => void (await Promise.all([...opened.values()].map((one) => one.close()))),
    });
  },
  async openSyncPort(platform, delivery, repository, env, warn) {
    const { localSync } = await import('./gitops/adapters/sync-local/sync.ts');
    const services = platform.services.map((s) => s.name);
    const local = localSync({ services, delivery, repository });
    const { argoCd } = platform.kubernetes;
    const followed = new Set(
      platform.environments.filter((e) => e.delivery === 'argo-rollouts').map((e) => e.name),
    );
    if (!argoCd || followed.size === 0) return ok({ port: local, webhookToken: null, close: async () => {} });
    const token = argoCd.webhookToken ? readSecret(argoCd.webhookToken, env) : ok(null);
    if (!token.ok) return token;
    const kubernetes = await openCluster(argoCd, env);
    if (!kubernetes.ok) return fail(`the cluster of Argo CD: ${kubernetes.error}`);
    const { argoCdSync } = await import('./gitops/adapters/sync-argo-cd/sync.ts');
    const { namespace } = argoCd;
    const place = { kubernetes: kubernetes.value, clock: systemClock, namespace };
    const remote = argoCdSync({ ...place, services, delivery, repository, warn });
    const portOf = (environment: string) => (followed.has(environment) ? remote : local);
    return ok({
      port: {
        live: (environment) => portOf(environment).live(environment),
        refresh: (environment) => portOf(environment).refresh(environment),
      },
      webhookToken: token.value,
      close: () => remote.close(),
    });
  },
  async openReceivers(platform, env) {
    if (platform.notifications.length === 0) return ok([]);
    const senders = await import('./server/notify/senders.ts');
    const receivers: { declared: Notification; sender: Sender }[] = [];
    for (const declared of platform.notifications) {
      const sender = openSender(senders, declared.to, env);
      if (!sender.ok) return sender;
      receivers.push({ declared, sender: sender.value });
    }
    return ok(receivers);
  },
  async log(io) {
    const { pino } = await import('pino');
    const log = pino(
      { base: null, level: io.env['SLUICE_LOG'] ?? 'warn' },
      { write: (text: string) => io.err(text) },
    );
    return {
      info: (details, message) => log.info(details, message),
      warn: (details, message) => log.warn(details, message),
    };
  },
};

/** The policy that came with this version, in this process or on a server that was named. */
async function openOwnPolicy(server: string | undefined) {
  const own = join(ROOT, 'policy');
  if (server === undefined)
    return (await import('./governance/adapters/opa-wasm/policy.ts')).wasmPolicy({ directory: own });
  const { digest } = JSON.parse(readFileSync(join(own, 'sluice.json'), 'utf8')) as { digest: string };
  return (await import('./governance/adapters/opa-server/policy.ts')).serverPolicy({
    address: server.replace(/\/$/, ''),
    team: false,
    expected: digest,
  });
}

/** Opens the ledger of a folder where no server holds it; there must be one. */
async function openExisting(work: string) {
  if (!existsSync(ledgerFile(work)))
    throw new CliError(EXIT.usage, {
      code: 'NO_LEDGER',
      message: `there is no ledger in ${work}`,
      next: 'name the work folder of a server with --work',
    });
  return openFile(work, 'sluice');
}

type Run = (work: () => Promise<Exit>) => Promise<void>;

function program(io: Io, run: Run): Command {
  const sluice = new Command('sluice')
    .description('Declare your SLO once, and every release is judged by it.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('(sluice --help lists the commands)');
  const json = () => new Option('--json', 'one JSON document on stdout');
  const work = () => new Option('--work <dir>', 'work folder of the server').default('.sluice');
  const at = (o: { work: string }) => ({ ...o, work: resolve(io.cwd, o.work) });

  sluice
    .command('init')
    .description('write a working example')
    .argument('[dir]', 'where', '.')
    .addOption(json())
    .action((dir, o) => run(async () => (await import('./cli/init.ts')).initCommand(io, dir, o, ROOT)));
  sluice
    .command('validate')
    .description('check a declaration: every problem at once')
    .argument('[dir]', 'where it is', '.')
    .addOption(json())
    .action((dir, o) => run(async () => (await import('./cli/validate.ts')).validateCommand(io, dir, o)));
  sluice
    .command('render')
    .description('rules, alerts and configuration for the surroundings')
    .argument('[dir]', 'the declaration', '.')
    .requiredOption('--out <dir>', 'folder to write to')
    .option('--format <format>', 'files, or kubernetes resources', 'files')
    .option('--check', 'write nothing; show how what is there differs, exit 1 if it does')
    .addOption(json())
    .action((dir, o) => run(async () => (await import('./cli/render.ts')).renderCommand(io, dir, o)));
  const imports = sluice.command('import').description('bring over what other tools declare');
  imports
    .command('flagger')
    .description('Flagger Canary resources become objectives and a Platform that observes')
    .argument('<dir>', 'a folder, or one file')
    .option('--out <dir>', 'where the documents go', 'sluice')
    .option('--prometheus <url>', 'where Prometheus answers', 'http://prometheus:9090')
    .addOption(json())
    .action((dir, o) =>
      run(async () => (await import('./cli/import-flagger.ts')).importFlaggerCommand(io, dir, o)),
    );
  imports
    .command('sloth')
    .description('Sloth prometheus/v1 documents become OpenSLO')
    .argument('<dir>', 'a folder, or one file')
    .option('--out <dir>', 'where the documents go', 'slos')
    .addOption(json())
    .action((dir, o) => run(async () => (await import('./cli/import.ts')).importSlothCommand(io, dir, o)));
  sluice
    .command('test')
    .description('your own cases: series in, burn rates, alerts, verdicts out')
    .argument('[dir]', 'the declaration with its SloTest documents', '.')
    .addOption(json())
    .action((dir, o) =>
      run(async () =>
        (await import('./cli/test.ts')).testCommand(
          io,
          dir,
          o,
          (await import('./runtime/adapters/promtool/run.ts')).promtool(),
        ),
      ),
    );
  sluice
    .command('judge')
    .description('judge one recorded trace by the evidence rule')
    .requiredOption('--trace <file>', 'a trace as JSON')
    .addOption(json())
    .action((o) => run(async () => (await import('./cli/judge.ts')).judgeCommand(io, o)));
  sluice
    .command('serve')
    .description('run the loop, the API and the console')
    .argument('[dir]', 'the declaration', '.')
    .addOption(new Option('--work <dir>', 'where everything of ours is kept (default: <dir>/.sluice)'))
    .option('--port <port>', 'port of the API and the console; 0 for any', '7117')
    .option('--host <address>', 'address to listen at', '127.0.0.1')
    .option('--allow-host <name...>', 'further host names that requests may carry', [])
    .action((dir, o) => run(async () => (await import('./cli/serve.ts')).serveCommand(io, dir, o, adapters)));
  sluice
    .command('demo')
    .description('the whole story on this machine, each claim checked')
    .option('--exit', 'end after the story; exit 0 only if every expectation held')
    .addOption(json())
    .addOption(new Option('--work <dir>', 'keep everything in this folder'))
    .action((o) =>
      run(async () =>
        (await import('./cli/demo.ts')).demoCommand(
          io,
          { ...o, ...(o.work ? { work: resolve(io.cwd, o.work) } : {}) },
          ROOT,
        ),
      ),
    );
  sluice
    .command('status')
    .description('what runs where, what moves, what needs you')
    .option('--pipeline', "each service's versions across environments, and what waits for what")
    .addOption(work())
    .addOption(json())
    .action((o) =>
      run(async () => {
        const status = await import('./cli/status.ts');
        return o.pipeline ? status.pipelineCommand(io, at(o)) : status.statusCommand(io, at(o));
      }),
    );
  sluice
    .command('promote')
    .description('ask for the version of the environment before, by pull request')
    .argument('<service>')
    .argument('<environment>', 'where it is to go')
    .addOption(work())
    .addOption(json())
    .action((service, environment, o) =>
      run(async () => (await import('./cli/status.ts')).promoteCommand(io, service, environment, at(o))),
    );

  const budget = sluice.command('budget').description('error budgets: what is left, what does not count');
  budget
    .command('list')
    .addOption(work())
    .addOption(json())
    .action((o) => run(async () => (await import('./cli/budget.ts')).budgetListCommand(io, at(o))));
  budget
    .command('exclude')
    .description('an incident that does not count, with reason and approver, in the ledger')
    .argument('<slo>')
    .argument('<environment>')
    .option('--from <time>', 'when it began, as 2026-03-01T02:00:00Z')
    .option('--to <time>', 'when it ended')
    .option('--reason <why>', 'why it does not count')
    .option('--approver <who>', 'who approved that')
    .addOption(work())
    .addOption(json())
    .action((slo, environment, o) =>
      run(async () =>
        (await import('./cli/budget.ts')).budgetExcludeCommand(io, slo, environment, at(o) as typeof o),
      ),
    );
  sluice
    .command('replay')
    .description('past releases judged again, by what a folder declares')
    .argument('[dir]', 'the declaration to judge by', '.')
    .option('--file <file>', 'an export of a ledger instead of a work folder')
    .option('--from <time>', 'releases opened from here on')
    .option('--to <time>', 'releases opened before this')
    .option('--prometheus <url>', 'count the alerts of that time, too')
    .addOption(work())
    .addOption(json())
    .action((dir, o) =>
      run(async () =>
        (await import('./cli/replay.ts')).replayCommand(io, dir, at(o) as typeof o, {
          openLedger: openExisting,
          openMetrics: adapters.openMetrics,
        }),
      ),
    );

  const release = sluice.command('release').description('orders to a release on its way');
  for (const name of COMMANDS)
    release
      .command(name)
      .argument('<service>')
      .argument('<environment>')
      .option('--reason <why>', 'why; it goes into the ledger')
      .addOption(work())
      .addOption(json())
      .action((service, environment, o) =>
        run(async () =>
          (await import('./cli/release.ts')).releaseCommand(
            io,
            name,
            service,
            environment,
            at(o),
            openExisting,
          ),
        ),
      );

  release
    .command('lift')
    .description('let an artefact that was condemned be tried again')
    .argument('<service>')
    .argument('<environment>')
    .option('--digest <digest>', 'the artefact, as sha256:…')
    .option('--reason <why>', 'why; it goes into the ledger')
    .addOption(work())
    .addOption(json())
    .action((service, environment, o) =>
      run(async () =>
        (await import('./cli/release.ts')).liftCommand(io, service, environment, at(o) as typeof o),
      ),
    );

  sluice
    .command('gate')
    .description('may this pull request merge? exit 0 yes, 1 no, 3 something did not answer')
    .argument('[number]', 'of a pull request on the declared forge')
    .option('--input <file>', 'facts from a file instead')
    .option('--declaration <dir>', 'the declaration, where no server runs', '.')
    .option('--post', 'post the answer to the forge, where no server runs')
    .option('--policy-server <url>', 'an OPA server for --input, instead of the policy compiled in')
    .addOption(work())
    .addOption(json())
    .action((number, o) =>
      run(async () =>
        (await import('./cli/gate.ts')).gateCommand(io, number, at(o) as typeof o, {
          openOwnPolicy,
          lookOnce: async (...given) =>
            (await import('./cli/gate-once.ts')).lookOnce(...given, {
              ...adapters,
              openFile,
              memoryLedger: async () =>
                (await import('./ledger/adapters/memory/ledger.ts')).memoryLedger('gate'),
            }),
        }),
      ),
    );

  const governance = () => import('./cli/governance.ts');
  const freeze = sluice.command('freeze').description('nothing new goes out; reverts and rollbacks do');
  freeze
    .command('list')
    .addOption(work())
    .addOption(json())
    .action((o) => run(async () => (await governance()).freezeListCommand(io, at(o))));
  freeze
    .command('on')
    .argument('<scope>', 'prod, checkout/prod, or "*"')
    .option('--until <time>', 'its end: a length such as 2h, or a moment with its offset')
    .option('--reason <why>', 'why; everybody it stops reads it')
    .addOption(work())
    .addOption(json())
    .action((scope, o) =>
      run(async () => (await governance()).freezeOnCommand(io, scope, at(o) as typeof o)),
    );
  /** Orders about one that is there: a path of the API each. */
  const order = (parent: Command, name: string, path: string) =>
    parent
      .command(name)
      .argument('<id>')
      .option('--reason <why>', 'why; it goes into the ledger')
      .addOption(work())
      .addOption(json())
      .action((id, o) =>
        run(async () =>
          (await governance()).orderCommand(
            io,
            path,
            `sluice ${parent.name()} ${name}`,
            id,
            at(o) as typeof o,
          ),
        ),
      );
  order(freeze, 'off', '/api/v1/freezes/{id}/lift');
  const waiver = sluice.command('waiver').description('break-glass: reason, end, and who has the right');
  waiver
    .command('list')
    .addOption(work())
    .addOption(json())
    .action((o) => run(async () => (await governance()).waiverListCommand(io, at(o))));
  waiver
    .command('grant')
    .argument('<scope>', 'prod, checkout/prod, or "*"')
    .option('--expires <time>', 'its end: a length such as 1h, or a moment with its offset')
    .option('--reason <why>', 'why; it goes into the ledger')
    .option('--code <code...>', 'only denials of these codes')
    .option('--single-use', 'for the first pull request that it lets through')
    .option('--pull <number>', 'for this pull request alone')
    .addOption(work())
    .addOption(json())
    .action((scope, o) =>
      run(async () => (await governance()).waiverGrantCommand(io, scope, at(o) as typeof o)),
    );
  order(waiver, 'approve', '/api/v1/waivers/{id}/approve');
  order(waiver, 'revoke', '/api/v1/waivers/{id}/revoke');
  const pull = sluice.command('pull').description('pull requests of the local forge');
  pull
    .command('list')
    .addOption(work())
    .addOption(json())
    .action((o) => run(async () => (await governance()).pullListCommand(io, at(o))));
  pull
    .command('open')
    .argument('<branch>', 'a branch that was pushed')
    .option('--title <title>')
    .option('--label <label...>')
    .option('--auto-merge', 'merge by itself once the gate allows it')
    .addOption(work())
    .addOption(json())
    .action((branch, o) =>
      run(async () => (await governance()).pullOpenCommand(io, branch, at(o) as typeof o)),
    );
  pull
    .command('merge')
    .argument('<number>')
    .addOption(work())
    .addOption(json())
    .action((number, o) => run(async () => (await governance()).pullMergeCommand(io, number, at(o))));

  const ledger = sluice.command('ledger').description('what was decided, by whom, on which numbers');
  ledger
    .command('list')
    .option('--limit <n>', 'newest records shown', '50')
    .option('--subject <lane>', 'only this service/environment')
    .option('--type <type>', 'only this type')
    .addOption(work())
    .addOption(json())
    .action((o) =>
      run(async () => (await import('./cli/ledger.ts')).listCommand(io, at(o) as typeof o, openExisting)),
    );
  ledger
    .command('show')
    .argument('<seq>')
    .addOption(work())
    .addOption(json())
    .action((seq, o) =>
      run(async () => (await import('./cli/ledger.ts')).showCommand(io, seq, at(o), openExisting)),
    );
  ledger
    .command('verify')
    .option('--file <file>', 'an export instead of the ledger itself')
    .option('--anchor <where>', 'SEQ:HASH seen before, or the repository with the anchors: finds a cut tail')
    .addOption(work())
    .addOption(json())
    .action((o) =>
      run(async () => (await import('./cli/ledger.ts')).verifyCommand(io, at(o) as typeof o, openExisting)),
    );
  ledger
    .command('export')
    .description('JSON Lines, exactly as stored, or CloudEvents')
    .option('--format <format>', 'jsonl or cloudevents', 'jsonl')
    .addOption(work())
    .action((o) =>
      run(async () => (await import('./cli/ledger.ts')).exportCommand(io, at(o) as typeof o, openExisting)),
    );
  ledger
    .command('replay')
    .description('a decision recomputed from its recorded facts by its recorded policy')
    .argument('<decision>', 'as d-…')
    .addOption(work())
    .addOption(json())
    .action((id, o) =>
      run(async () =>
        (await import('./cli/ledger.ts')).replayDecisionCommand(
          io,
          id,
          at(o),
          openExisting,
          adapters.openKept,
        ),
      ),
    );
  ledger
    .command('explain')
    .argument('<what>', 'a release, as service.environment.number, or a decision, as d-…')
    .addOption(work())
    .addOption(json())
    .action((id, o) =>
      run(async () => (await import('./cli/ledger.ts')).explainCommand(io, id, at(o), openExisting)),
    );

  sluice
    .command('token')
    .description('scoped tokens')
    .command('create')
    .argument('<name>')
    .requiredOption('--scope <scope...>', 'read, operate, waive, admin')
    .addOption(work())
    .addOption(json())
    .action((name, o) =>
      run(async () =>
        (await import('./cli/token.ts')).tokenCommand(io, name, at(o) as typeof o, openExisting),
      ),
    );
  sluice
    .command('doctor')
    .description('what this machine has')
    .addOption(json())
    .action((o) => run(async () => (await import('./cli/doctor.ts')).doctorCommand(io, o)));
  sluice
    .command('schema')
    .description('JSON Schema of the declaration')
    .action(() => run(async () => (await import('./cli/schema.ts')).schemaCommand(io)));
  return sluice;
}

function report(io: Io, thrown: unknown, asJson: boolean): Exit {
  const ledger = thrown instanceof LedgerUnavailable;
  const exit: Exit = thrown instanceof CliError ? thrown.exit : ledger ? EXIT.unreachable : EXIT.internal;
  const failure =
    thrown instanceof CliError
      ? thrown.failure
      : {
          code: ledger ? thrown.code : 'INTERNAL',
          message: messageOf(thrown),
          next: ledger
            ? 'stop its writer, or free the disk'
            : 'this is a fault of ours: please report it with what you ran',
        };
  const { code, message, file, line, next } = failure as CliError['failure'];
  if (asJson)
    printJson(io, {
      schema: 'sluice.dev/error/v1',
      error: { code, message, file: file ?? null, line: line ?? null, next: next ?? null },
    });
  else
    io.err(
      `${palette({ ...io, outTty: io.errTty }).red(code)}: ${message}\n${next ? `Next: ${next}\n` : ''}`,
    );
  if (exit === EXIT.internal && thrown instanceof Error && io.env['SLUICE_LOG']) io.err(`${thrown.stack}\n`);
  return exit;
}

/** Runs one command line. Gives the exit code; never ends the process. */
export async function main(args: readonly string[], io: Io): Promise<Exit> {
  let exit: Exit = EXIT.yes;
  const asJson = args.includes('--json');
  const run: Run = async (work) => {
    try {
      exit = await work();
    } catch (thrown) {
      exit = report(io, thrown, asJson);
    }
  };
  const silent: Io = asJson ? { ...io, err: () => {} } : io;
  try {
    await program(asJson ? { ...silent } : io, run).parseAsync([...args], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return EXIT.yes;
    if (asJson)
      return report(
        io,
        new CliError(EXIT.usage, { code: 'USAGE', message: thrown.message, next: 'see sluice --help' }),
        true,
      );
    return EXIT.usage;
  }
  return exit;
}

if (import.meta.main) {
  // Commands are loaded when asked for, and compiled once for all runs.
  enableCompileCache();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const io: Io = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    cwd: process.env['INIT_CWD'] ?? process.cwd(),
    outTty: process.stdout.isTTY ?? false,
    errTty: process.stderr.isTTY ?? false,
    signal: stop.signal,
  };
  process.exitCode = await main(process.argv.slice(2), io);
}
