import { stringify } from 'yaml';
import { orderOf } from '../../../declaration/layout.ts';
import type { ForgeSource, Platform } from '../../../declaration/platform.ts';

/** Actions of others, pinned by commit; the comment says which release that is. */
const CHECKOUT = 'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8';
const CHECKOUT_RELEASE = 'v5.0.0';
/** Where the rendered repository keeps the gate's action: taken from the base branch like everything else. */
const ACTION = './.github/actions/sluice-gate';
const RUNNER = 'ubuntu-latest';
const MINUTES = 10;

const HEADER = `# Rendered by \`sluice render\` from the declaration. Change the declaration, not this file.
`;

type Step = Record<string, unknown>;

/** An expression of GitHub's, as it stands in a workflow. */
const expression = (text: string): string => `\${{ ${text} }}`;

const textOf = (workflow: object): string =>
  HEADER + stringify(workflow, { lineWidth: 0 }).replaceAll(CHECKOUT, `${CHECKOUT} # ${CHECKOUT_RELEASE}`);

/** The base branch's files, and never those of the pull request: nothing that it brings is run. */
const checkoutBase = (ref: string): Step => ({
  name: 'Policy and declaration of the base branch',
  uses: CHECKOUT,
  with: { ref, 'persist-credentials': false },
});

/** Secrets of every declared Prometheus that are read from environment variables, each by its own name. */
function secretsOf(platform: Platform): Record<string, string> {
  const refs = platform.environments.flatMap(({ prometheus: p }) => [
    ...(p.auth && 'bearer' in p.auth ? [p.auth.bearer] : []),
    ...(p.auth && 'basic' in p.auth ? [p.auth.basic.password] : []),
    ...(p.mtls ? [p.mtls.cert, p.mtls.key, ...(p.mtls.ca ? [p.mtls.ca] : [])] : []),
  ]);
  const names = refs.flatMap((ref) => ('env' in ref ? [ref.env] : []));
  return Object.fromEntries([...new Set(names)].sort().map((name) => [name, expression(`secrets.${name}`)]));
}

/** The workflow's own token: it posts a status, which a ruleset bound to our App does not count. */
export const TOKEN_NAME = 'SLUICE_GITHUB_TOKEN';

const gateStep = (
  platform: Platform,
  pull: string,
  declaration: string,
  secrets: Record<string, string> = secretsOf(platform),
): Step => ({
  name: 'Ask the gate',
  uses: ACTION,
  with: {
    'pull-request': pull,
    declaration,
    ...(platform.signIn.machines.length > 0
      ? { server: expression('vars.SLUICE_SERVER'), audience: platform.signIn.machines[0]!.audience }
      : {}),
  },
  env: { [TOKEN_NAME]: expression('github.token'), ...secrets },
});

/** Least rights: read the base, say a status, comment; a token for our server only where one is asked. */
const permissions = (platform: Platform): Record<string, string> => ({
  contents: 'read',
  'pull-requests': 'write',
  statuses: 'write',
  ...(platform.signIn.machines.length > 0 ? { 'id-token': 'write' } : {}),
});

const job = (steps: Step[], more: object = {}) => ({
  'runs-on': RUNNER,
  'timeout-minutes': MINUTES,
  ...more,
  steps,
});

/**
 * The gate on pull requests. `pull_request_target` runs this file as the base branch has it, and the head is
 * never checked out. In a merge queue and on forks a workflow is not proof: there the App's check decides.
 */
function gateWorkflow(platform: Platform, forge: ForgeSource, declaration: string): string {
  return textOf({
    name: 'sluice gate',
    on: {
      pull_request_target: {
        branches: [forge.branch],
        types: ['opened', 'synchronize', 'reopened', 'labeled', 'unlabeled'],
      },
      merge_group: { branches: [forge.branch] },
    },
    permissions: {},
    concurrency: {
      group: `sluice-gate-${expression('github.event.pull_request.number || github.event.merge_group.head_sha')}`,
      'cancel-in-progress': true,
    },
    jobs: {
      gate: job(
        [
          checkoutBase(`refs/heads/${forge.branch}`),
          gateStep(platform, expression('github.event.pull_request.number'), declaration),
        ],
        { if: "github.event_name == 'pull_request_target'", permissions: permissions(platform) },
      ),
      'merge-group': job(
        [
          checkoutBase(expression('github.event.merge_group.base_sha')),
          // A merge group's workflow file may be the pull request's own: no secret of a Prometheus goes there.
          gateStep(platform, 'merge-group', declaration, {}),
        ],
        { if: "github.event_name == 'merge_group'", permissions: permissions(platform) },
      ),
    },
  });
}

/** Statuses do not expire by themselves: every open pull request is evaluated again. */
function scheduledWorkflow(platform: Platform, forge: ForgeSource, declaration: string): string {
  const minutes = Math.max(5, Math.min(30, Math.floor(platform.policy.validForMs / 60_000)));
  return textOf({
    name: 'sluice re-evaluation',
    on: { schedule: [{ cron: `*/${minutes} * * * *` }], workflow_dispatch: {} },
    permissions: {},
    concurrency: { group: 'sluice-reevaluation', 'cancel-in-progress': false },
    jobs: {
      reevaluate: job([checkoutBase(`refs/heads/${forge.branch}`), gateStep(platform, 'all', declaration)], {
        permissions: permissions(platform),
      }),
    },
  });
}

/** From each environment to the next, and over those in which some service does not run. */
function promotionSteps(platform: Platform): string[] {
  const step = (from: string, to: string) => `${from} → ${to}`;
  const next = platform.environments.slice(1).map((to, i) => step(platform.environments[i]!.name, to.name));
  const over = platform.services
    .filter((service) => service.environments)
    .flatMap(({ name }) => orderOf(platform, name))
    .flatMap(({ environment, after }) => after.map((from) => step(from, environment.name)));
  return [...new Set([...next, ...over])];
}

/** One version from one environment to the next: a branch that copies the exact digest, and a pull request. */
function promotionWorkflow(platform: Platform, forge: ForgeSource): string | null {
  const pairs = promotionSteps(platform);
  if (pairs.length === 0) return null;
  return textOf({
    name: 'sluice promotion',
    on: {
      workflow_dispatch: {
        inputs: {
          service: {
            description: 'What to promote',
            required: true,
            type: 'choice',
            options: platform.services.map((s) => s.name),
          },
          step: { description: 'From where to where', required: true, type: 'choice', options: pairs },
        },
      },
    },
    permissions: {},
    concurrency: { group: `sluice-promotion-${expression('inputs.service')}`, 'cancel-in-progress': false },
    jobs: {
      promote: {
        'runs-on': RUNNER,
        'timeout-minutes': MINUTES,
        permissions: { contents: 'write', 'pull-requests': 'write' },
        steps: [
          { name: 'Desired state', uses: CHECKOUT, with: { ref: forge.branch } },
          {
            name: 'Copy the exact digest and open a pull request',
            shell: 'bash',
            // Inputs reach the script as values, never as text of it.
            env: {
              SERVICE: expression('inputs.service'),
              STEP: expression('inputs.step'),
              GH_TOKEN: expression('github.token'),
            },
            run: PROMOTE,
          },
        ],
      },
    },
  });
}

const PROMOTE = `set -euo pipefail
from="\${STEP% → *}"
to="\${STEP#* → }"
source="environments/$from/$SERVICE.yaml"
target="environments/$to/$SERVICE.yaml"
test -f "$source" || { echo "::error::$source is not there"; exit 1; }
branch="promote-$SERVICE-$to"
git switch --create "$branch"
mkdir -p "environments/$to"
cp "$source" "$target"
git add "$target"
if git diff --cached --quiet; then echo "$to has it already"; exit 0; fi
version="$(sed -n 's/^version: *//p' "$source")"
git -c user.name=sluice -c user.email=sluice@localhost commit --quiet -m "Promote $SERVICE $version to $to"
git push --force origin "HEAD:refs/heads/$branch"
gh pr view "$branch" --json state --jq .state 2>/dev/null | grep -q OPEN || \\
  gh pr create --base "\${GITHUB_REF_NAME}" --head "$branch" \\
    --title "Promote $SERVICE $version to $to" --body "Copies the exact digest from $from. The gate decides."
`;

/** A ruleset as GitHub imports it: the check counts only if the Sluice App posted it, and nobody can push past it. */
function ruleset(forge: ForgeSource): string {
  const app = forge.at.kind === 'github' && 'app' in forge.at.auth ? forge.at.auth.app.id : null;
  const rules = {
    name: 'sluice gate',
    target: 'branch',
    enforcement: 'active',
    conditions: { ref_name: { include: [`refs/heads/${forge.branch}`], exclude: [] } },
    bypass_actors: [],
    rules: [
      { type: 'deletion' },
      { type: 'non_fast_forward' },
      {
        type: 'pull_request',
        parameters: {
          required_approving_review_count: 1,
          dismiss_stale_reviews_on_push: true,
          require_code_owner_review: false,
          require_last_push_approval: true,
          required_review_thread_resolution: false,
        },
      },
      {
        type: 'required_status_checks',
        parameters: {
          strict_required_status_checks_policy: false,
          required_status_checks: [
            { context: forge.check, ...(app === null ? {} : { integration_id: app }) },
          ],
        },
      },
    ],
  };
  return `${JSON.stringify(rules, null, 2)}\n`;
}

/** Everything for GitHub, by path below the repository's root; nothing where GitHub is not the forge. */
export function githubFiles(platform: Platform): [string, string][] {
  const { forge } = platform;
  if (forge?.at.kind !== 'github') return [];
  const declaration = forge.declaration ?? '.';
  const promotion = promotionWorkflow(platform, forge);
  return [
    ['github/workflows/sluice-gate.yml', gateWorkflow(platform, forge, declaration)],
    ['github/workflows/sluice-reevaluate.yml', scheduledWorkflow(platform, forge, declaration)],
    ...(promotion === null
      ? []
      : ([['github/workflows/sluice-promote.yml', promotion]] as [string, string][])),
    ['github/ruleset.json', ruleset(forge)],
  ];
}
