import { BROKEN_FILES } from '../../attacks.ts';
import {
  type Content,
  contentText,
  digestNumber,
  ENVIRONMENTS,
  platformText,
  SERVICES,
  slosText,
} from './declared.ts';
import { MAIN, type SimPull } from './forge.ts';
import type { MoveKind, Step } from './move.ts';
import type { Behaviour } from './services.ts';
import type { World } from './world.ts';

export const pick = <T>(list: readonly T[], share: number): T | undefined =>
  list[Math.min(list.length - 1, Math.floor(share * list.length))];

const HOW: readonly Behaviour[] = [
  { errorRate: 0.05 },
  { errorRate: 0.4 },
  { errorRate: 1 },
  { errorRate: 0, crashes: true },
  { errorRate: 0.3, failsAfterMs: 30_000 },
];

const pathOf = (service: string, environment: string): string =>
  `environments/${environment}/${service}.yaml`;
const laneOf = ({ a, b }: Step): { service: string; environment: string } => ({
  service: pick(SERVICES, a)!,
  environment: pick(ENVIRONMENTS, b)!,
});

/** What Git asks for in a lane now; a file that cannot be read counts as the first version. */
function contentAt(w: World, service: string, environment: string): Content {
  const asked = w.git.desired(MAIN).lanes.get(`${service}/${environment}`);
  if (!asked) return { digest: digestNumber(1), version: '1.0.0', value: 1, chart: 0 };
  const value = typeof asked.config['value'] === 'number' ? asked.config['value'] : 1;
  return {
    digest: asked.digest,
    version: asked.version,
    value,
    chart: Number(asked.chart?.split('.').at(-1) ?? 0),
  };
}

/** A branch with some files changed, and a pull request for it. */
function propose(w: World, files: Readonly<Record<string, string | null>>, title: string): SimPull {
  const branch = `change-${w.forge.pulls.size + 1}`;
  w.git.write(branch, MAIN, files, 'developer', title);
  // The world knows the behaviour of a revision before it runs.
  w.git.desired(branch);
  return w.forge.open(branch, title, 'developer', []);
}

/** A new artefact; one in three is bad in some environment. */
function artefact(w: World, share: number): Content {
  const number = w.artefacts.size + 2;
  const digest = digestNumber(number);
  const badIn = share < 0.33 ? pick(['*', ...ENVIRONMENTS], share * 3)! : null;
  w.artefacts.set(digest, { badIn, how: pick(HOW, (share * 30) % 1)! });
  return { digest, version: `1.${number}.0`, value: 1, chart: 0 };
}

const open = (w: World, share: number): SimPull | undefined => pick(w.forge.openOnes(), share);

/** Everything that developers and reviewers do with pull requests. */
export const pullMoves: Readonly<Record<string, MoveKind>> = {
  'a pull request brings a new version': {
    weight: 7,
    move(w, step) {
      const service = pick(SERVICES, step.a)!;
      const next = artefact(w, step.c);
      const { value, chart } = contentAt(w, service, 'dev');
      const p = propose(
        w,
        { [pathOf(service, 'dev')]: contentText(service, { ...next, value, chart }) },
        next.version,
      );
      return `#${p.number}: ${service} ${next.version} to dev, bad in ${w.artefacts.get(next.digest)!.badIn}`;
    },
  },
  'a pull request changes a configuration': {
    weight: 5,
    move(w, step) {
      const { service, environment } = laneOf(step);
      const value = Math.floor(step.c * 20);
      const text = contentText(service, { ...contentAt(w, service, environment), value });
      const p = propose(w, { [pathOf(service, environment)]: text }, `value ${value}`);
      return `#${p.number}: ${service}/${environment} value ${value}`;
    },
  },
  'a pull request changes a chart': {
    weight: 1,
    move(w, step) {
      const { service, environment } = laneOf(step);
      const chart = Math.floor(step.c * 4);
      const text = contentText(service, { ...contentAt(w, service, environment), chart });
      return `#${propose(w, { [pathOf(service, environment)]: text }, `chart ${chart}`).number}: ${service}/${environment} chart ${chart}`;
    },
  },
  'a pull request goes past the order': {
    weight: 3,
    move(w, step) {
      const service = pick(SERVICES, step.a)!;
      const environment = pick(['stage', 'prod', 'eu'], step.b)!;
      const next = artefact(w, step.c);
      const text = contentText(service, { ...contentAt(w, service, environment), ...next });
      return `#${propose(w, { [pathOf(service, environment)]: text }, 'a hotfix').number}: ${service} ${next.version} to ${environment}`;
    },
  },
  'a pull request brings back what was there once': {
    weight: 3,
    move(w, step) {
      const { service, environment } = laneOf(step);
      const number = 1 + Math.floor(step.c * (w.artefacts.size + 1));
      const old = { digest: digestNumber(number), version: number === 1 ? '1.0.0' : `1.${number}.0` };
      const text = contentText(service, { ...contentAt(w, service, environment), ...old });
      return `#${propose(w, { [pathOf(service, environment)]: text }, 'go back').number}: ${service}/${environment} back to ${old.version}`;
    },
  },
  'what was condemned comes again with other values': {
    weight: 3,
    move(w, step) {
      const views = w.server()?.planes.controller.lanes() ?? [];
      const state = pick(
        views.filter((v) => v.state.rejected.length > 0),
        step.a,
      )?.state;
      const digest = state && pick(state.rejected, step.b)?.digest;
      if (!state || !digest) return null;
      const [service, environment] = state.lane.split('/') as [string, string];
      const value = 1 + Math.floor(step.c * 5);
      const content = { ...contentAt(w, service, environment), digest, version: 'again', value };
      const p = propose(w, { [pathOf(service, environment)]: contentText(service, content) }, 'try again');
      // Half of them are merged by force: the start gate is the last check.
      const done = step.c < 0.5 ? w.forge.merge(p, 'force') : null;
      return `#${p.number}: ${state.lane} ${digest.slice(-4)} value ${value}${done?.ok ? ', by force' : ''}`;
    },
  },
  'a pull request brings a broken file': {
    weight: 2,
    move(w, step) {
      const { service, environment } = laneOf(step);
      const [name, text] = pick(Object.entries(BROKEN_FILES), step.c)!;
      return `#${propose(w, { [pathOf(service, environment)]: text }, name).number}: ${name}`;
    },
  },
  'a pull request changes the declaration': {
    weight: 1,
    move(w, step) {
      const files =
        step.a < 0.3
          ? { 'platform/platform.yaml': 'apiVersion: sluice.dev/v1\nkind: Platform\nspec: [\n' }
          : step.a < 0.7
            ? { 'platform/slos.yaml': slosText(SERVICES, 0.9) }
            : {
                'platform/platform.yaml': platformText({ auto: step.b < 0.5 }).replace(
                  'maxFailed: 6',
                  'maxFailed: 99',
                ),
              };
      return `#${propose(w, files, 'other rules').number}: the declaration`;
    },
  },
  'a pull request is pushed to': {
    weight: 2,
    move(w, step) {
      const p = open(w, step.a);
      if (!p) return null;
      const { service, environment } = laneOf({ ...step, a: step.b, b: step.c });
      const text = contentText(service, {
        ...contentAt(w, service, environment),
        value: Math.floor(step.c * 20),
      });
      w.git.write(p.branch, p.branch, { [pathOf(service, environment)]: text }, 'developer', 'more');
      w.git.desired(p.branch);
      w.forge.changed(p);
      return `#${p.number}: ${service}/${environment}`;
    },
  },
  'a pull request is labelled': {
    weight: 1,
    move(w, step) {
      const p = open(w, step.a);
      if (!p) return null;
      p.labels = step.b < 0.6 ? ['emergency'] : [];
      w.forge.changed(p);
      return `#${p.number}: ${p.labels.join() || 'no label'}`;
    },
  },
  'a pull request is closed': {
    weight: 1,
    move(w, step) {
      const p = open(w, step.a);
      if (p) w.forge.close(p);
      return p ? `#${p.number}` : null;
    },
  },
  'a person merges': {
    weight: 14,
    move(w, step) {
      const p = open(w, step.a);
      if (!p) return null;
      const done = w.forge.merge(p, 'person');
      return done.ok ? `#${p.number}` : `#${p.number}: ${done.error.message}`;
    },
  },
  'an admin merges by force': {
    weight: 3,
    move(w, step) {
      const p = open(w, step.a);
      if (!p) return null;
      const done = w.forge.merge(p, 'force');
      return done.ok ? `#${p.number}` : `#${p.number}: ${done.error.message}`;
    },
  },
  'the forge asks for a merge group': {
    weight: 1,
    move(w, step) {
      const p = open(w, step.a);
      return p ? `#${p.number} at ${w.forge.group(p).slice(-4)}` : null;
    },
  },
  'somebody else posts under our check': {
    weight: 1,
    move(w, step) {
      const p = open(w, step.a);
      // The local forge is ours alone: there is no address at which anybody else could post.
      if (!p || w.options.forge === 'local') return null;
      w.forge.postForeign(w.forge.headOf(p), step.b < 0.7 ? 'success' : 'failure');
      return `#${p.number}`;
    },
  },
  'somebody pushes past the gate': {
    weight: 1,
    move(w, step) {
      const { service, environment } = laneOf(step);
      const broken = step.c < 0.5;
      const text = broken
        ? pick(Object.values(BROKEN_FILES), step.c * 2)!
        : contentText(service, { ...contentAt(w, service, environment), value: Math.floor(step.c * 20) });
      w.git.write(MAIN, MAIN, { [pathOf(service, environment)]: text }, 'admin', 'past the gate');
      w.git.desired(MAIN);
      return `${service}/${environment}${broken ? ', a broken file' : ''}`;
    },
  },
};
