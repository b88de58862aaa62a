import { humanSpan, parseDuration } from '../kit/time.ts';
import { LIMITS } from './defaults.ts';
import type { Parsed } from './documents.ts';
import { isIn } from './layout.ts';
import type { TargetDocument } from './openslo.ts';
import type { Slo } from './platform.ts';
import { checkKnown, type Path, type Report } from './report.ts';
import { RESERVED_LABELS } from './reserved-labels.ts';
import type { PlatformDocument } from './schema.ts';
import { TILE_MS } from './slos.ts';
import { placedIn } from './workload-access.ts';

const ms = (text: string): number => parseDuration(text)!;

/** Reports every name that stands twice, at its second place. */
export function unique(
  items: readonly { name: string; at: Parsed; path: Path }[],
  what: string,
  report: Report,
): void {
  const first = new Map<string, { at: Parsed; path: Path }>();
  for (const { name, at, path } of items) {
    const before = first.get(name);
    if (!before) first.set(name, { at, path });
    else
      report(
        at,
        path,
        'DUPLICATE_NAME',
        `${what} "${name}" is declared twice`,
        `first at ${before.at.file}:${before.at.lineOf(before.path)}`,
      );
  }
}

const SIZE_WORDS = {
  environments: 'environments',
  services: 'services',
  freezes: 'freezes',
  maintenance: 'maintenance windows',
} as const;

/** What is larger is refused before anything is made of it, with the limit by name. */
export function checkSizes(doc: Parsed<PlatformDocument>, report: Report): void {
  const { environments, services, freezes, maintenance } = doc.value.spec;
  const counts = { environments, services, freezes, maintenance };
  for (const [field, { length }] of Object.entries(counts)) {
    const most = LIMITS[field as keyof typeof counts];
    if (length > most)
      report(
        doc,
        ['spec', field],
        'TOO_LARGE',
        `expected at most ${most} ${SIZE_WORDS[field as keyof typeof counts]}, got ${length}`,
      );
  }
  const lanes = services.reduce((all, s) => all + (s.environments ?? environments).length, 0);
  if (lanes > LIMITS.lanes)
    report(
      doc,
      ['spec', 'services'],
      'TOO_LARGE',
      `expected at most ${LIMITS.lanes} lanes (services in each environment), got ${lanes}`,
      'split the platform',
    );
}

/** Rules are evaluated on a grid of five minutes: an interval that does not divide it would leave seams. */
export function checkIntervals(doc: Parsed<PlatformDocument>, report: Report): void {
  for (const [i, environment] of doc.value.spec.environments.entries())
    for (const field of ['evaluationInterval', 'budgetInterval'] as const) {
      const text = environment.prometheus[field];
      const interval = ms(text);
      if (interval <= 0 || TILE_MS % interval !== 0)
        report(
          doc,
          ['spec', 'environments', i, 'prometheus', field],
          'INTERVAL',
          `expected an interval that divides 5m (5s, 10s, 15s, 30s, 1m), got ${text}`,
        );
    }
  for (const [i, { judgeInterval, prometheus }] of doc.value.spec.environments.entries())
    if (judgeInterval !== undefined && ms(judgeInterval) < ms(prometheus.scrapeInterval))
      report(
        doc,
        ['spec', 'environments', i, 'judgeInterval'],
        'INTERVAL',
        `expected no less than one scrape (${prometheus.scrapeInterval}), got ${judgeInterval}`,
      );
}

/** Receivers, routes, labels and maintenance name what is declared. */
export function checkAlerts(doc: Parsed<PlatformDocument>, slos: readonly Slo[], report: Report): void {
  const { alerts, environments, services } = doc.value.spec;
  const receivers = (alerts?.receivers ?? []).map((r) => r.name);
  unique(
    receivers.map((name, i) => ({ name, at: doc, path: ['spec', 'alerts', 'receivers', i, 'name'] })),
    'receiver',
    report,
  );
  const environmentNames = environments.map((e) => e.name);
  const serviceNames = [...services.map((s) => s.name), ...slos.map((s) => s.service)];
  for (const [i, route] of (alerts?.routes ?? []).entries()) {
    const at: Path = ['spec', 'alerts', 'routes', i];
    checkKnown(report, doc, [...at, 'receiver'], 'receiver', route.receiver, receivers);
    for (const [j, name] of (route.environments ?? []).entries())
      checkKnown(report, doc, [...at, 'environments', j], 'environment', name, environmentNames);
    for (const [j, name] of (route.services ?? []).entries())
      checkKnown(report, doc, [...at, 'services', j], 'service', name, serviceNames);
  }
  for (const name of Object.keys(alerts?.labels ?? {}))
    if (RESERVED_LABELS.has(name))
      report(
        doc,
        ['spec', 'alerts', 'labels', name],
        'LABEL_COLLISION',
        `label "${name}" is reserved for Sluice`,
        'rename it',
      );
  for (const [i, item] of doc.value.spec.maintenance.entries()) {
    const at: Path = ['spec', 'maintenance', i];
    for (const [j, name] of (item.environments ?? []).entries())
      checkKnown(report, doc, [...at, 'environments', j], 'environment', name, environmentNames);
    for (const [j, name] of (item.services ?? []).entries())
      checkKnown(report, doc, [...at, 'services', j], 'service', name, serviceNames);
    noteLong(item, doc, [...at, 'to'], slos, report);
  }
}

/** Planned work is declared before it begins, so that it may end in the future; one as long as a budget's window empties it. */
function noteLong(
  { from, to, services }: PlatformDocument['spec']['maintenance'][number],
  doc: Parsed<PlatformDocument>,
  path: Path,
  slos: readonly Slo[],
  report: Report,
): void {
  const lasts = Date.parse(to) - Date.parse(from);
  const emptied = slos.find(
    ({ service, windowMs }) => windowMs <= lasts && (services?.includes(service) ?? true),
  );
  if (emptied)
    report.note(
      doc,
      path,
      'MAINTENANCE',
      `it lasts ${humanSpan(lasts)}, and the window of "${emptied.name}" is ${humanSpan(emptied.windowMs)}: the budget will have no request left to count`,
      'end it earlier, or remove the objective',
    );
}

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Every lane has a Rollout of its own: two that follow the same one would each undo what the other decides. */
function checkRollouts(doc: Parsed<PlatformDocument>, report: Report): void {
  const { environments, services } = doc.value.spec;
  const taken = new Map<string, { readonly lane: string; readonly path: Path }>();
  for (const environment of environments.filter((e) => e.delivery === 'argo-rollouts'))
    for (const [i, service] of services.entries()) {
      if (!isIn(service, environment.name)) continue;
      const { cluster } = environment;
      const path: Path = ['spec', 'services', i, service.namespace ? 'namespace' : 'name'];
      const fallback = cluster?.namespace ?? doc.value.metadata.name;
      const namespace = placedIn(service, environment.name, fallback);
      if (service.namespace && !NAMESPACE.test(namespace))
        report(
          doc,
          path,
          'NAMESPACE',
          `"${namespace}" is not the name of a namespace`,
          'use at most 63 letters, digits and dashes',
        );
      const rollout = service.rollout ?? service.name;
      const key = JSON.stringify([cluster?.kubeconfig, cluster?.context, namespace, rollout]);
      const lane = `${service.name} in ${environment.name}`;
      const other = taken.get(key);
      taken.set(key, other ?? { lane, path });
      if (other)
        report(
          doc,
          path,
          'ROLLOUT_CLASH',
          `${lane} and ${other.lane} are the same Rollout: ${rollout} in the namespace ${namespace}`,
          `the other is at ${doc.file}:${doc.lineOf(other.path)}; give one of them another namespace or rollout; {environment} in namespace is the name of the environment`,
        );
    }
}

/** Environments that services name are declared, once each; an SLO of another service is recorded where it counts. */
function checkPlaces(doc: Parsed<PlatformDocument>, report: Report): void {
  const { environments, services } = doc.value.spec;
  const known = environments.map((e) => e.name);
  for (const [i, { environments: named = [] }] of services.entries()) {
    const at: Path = ['spec', 'services', i, 'environments'];
    for (const [j, name] of named.entries()) checkKnown(report, doc, [...at, j], 'environment', name, known);
    unique(
      named.map((name, j) => ({ name, at: doc, path: [...at, j] })),
      'environment',
      report,
    );
  }
}

/** Services that load is sent to, and those that somebody is told of, are declared; each lane has a Rollout of its own. */
export function checkNames(doc: Parsed<PlatformDocument>, report: Report): void {
  const { environments, services, notifications } = doc.value.spec;
  const known = { service: services.map((s) => s.name), environment: environments.map((e) => e.name) };
  const check = (path: Path, what: keyof typeof known, name: string) =>
    checkKnown(report, doc, path, what, name, known[what]);
  for (const [i, { name, load }] of environments.entries())
    for (const [j, { service }] of (load?.targets ?? []).entries()) {
      const path: Path = ['spec', 'environments', i, 'load', 'targets', j, 'service'];
      check(path, 'service', service);
      if (services.some((s) => s.name === service && !isIn(s, name)))
        report(
          doc,
          path,
          'RUNS_ELSEWHERE',
          `"${service}" does not run in "${name}"`,
          `add it to the service's environments, or remove this target`,
        );
    }
  for (const [i, n] of notifications.entries()) {
    for (const [j, name] of (n.environments ?? []).entries())
      check(['spec', 'notifications', i, 'environments', j], 'environment', name);
    for (const [j, name] of (n.services ?? []).entries())
      check(['spec', 'notifications', i, 'services', j], 'service', name);
  }
  unique(
    notifications.map((n, i) => ({ name: n.name, at: doc, path: ['spec', 'notifications', i, 'name'] })),
    'notification',
    report,
  );
  checkPlaces(doc, report);
  checkRollouts(doc, report);
  checkSynthetic(doc, report);
}

/** Requests of our own that are to count are sent by `load`: without one nothing would ever be counted. */
function checkSynthetic(doc: Parsed<PlatformDocument>, report: Report): void {
  const { environments, services, strategy } = doc.value.spec;
  const sent = (name: string | null) =>
    environments.some((e) => (e.load?.targets ?? []).some((t) => name === null || t.service === name));
  const said: [Path, (typeof environments)[number]['strategy'], string | null][] = [
    [['spec'], strategy, null],
    ...services.map((s, i): (typeof said)[number] => [['spec', 'services', i], s.strategy, s.name]),
    ...environments.map((e, i): (typeof said)[number] => [['spec', 'environments', i], e.strategy, null]),
  ];
  for (const [path, own, name] of said)
    if (own?.lowTraffic?.synthetic && !sent(name))
      report(
        doc,
        [...path, 'strategy', 'lowTraffic', 'synthetic'],
        'NO_LOAD',
        `no environment sends synthetic requests${name === null ? '' : ` to ${name}`}`,
        'name it under load.targets of an environment',
      );
}

/** Targets of OpenSLO policies are receivers of ours, by name; without a Platform they are labels only. */
export function checkTargets(
  doc: Parsed<PlatformDocument>,
  targets: readonly Parsed<TargetDocument>[],
  report: Report,
): void {
  const receivers = (doc.value.spec.alerts?.receivers ?? []).map((r) => r.name);
  for (const target of targets) {
    const declare = 'declare it under spec.alerts.receivers of the Platform';
    checkKnown(report, target, ['spec', 'target'], 'receiver', target.value.spec.target, receivers, declare);
  }
}
