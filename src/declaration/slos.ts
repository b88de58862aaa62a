import { Temporal } from 'temporal-polyfill';
import { parseDuration } from '../kit/time.ts';
import { ANNOTATIONS, GROUP_LIMIT } from './defaults.ts';
import type { Parsed } from './documents.ts';
import { type Compiled, compileIndicator, OPERATORS, refer, type Shelf } from './indicators.ts';
import type {
  AlertConditionDocument,
  AlertPolicyDocument,
  Objective,
  OpenSloSlo,
  TargetDocument,
  TimeWindow,
} from './openslo.ts';
import type { AlertCondition, Budgeting, Calendar, Slo, SloAlerting } from './platform.ts';
import type { Path, Report } from './report.ts';
import { groupLabels, isGroupLabel, RESERVED_LABELS } from './reserved-labels.ts';

const ms = (text: string): number => parseDuration(text)!;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Increments are kept by five minutes: slices and intervals have to tile them. */
export const TILE_MS = 5 * MINUTE;
const CALENDAR_DAYS = { d: 1, w: 7, M: 31, Q: 92 } as const;
const MAX_WINDOW_DAYS = 92;

export interface PolicyShelf extends Shelf {
  readonly policies: ReadonlyMap<string, Parsed<AlertPolicyDocument>>;
  readonly conditions: ReadonlyMap<string, Parsed<AlertConditionDocument>>;
  readonly targets: ReadonlyMap<string, Parsed<TargetDocument>>;
}

/** Times far away would leave the range in which calendars are exact, and nothing but a typing error means them. */
const START_TIME = /^(19|20|21)\d\d-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?$/;

function startTimeOf(text: string): Temporal.PlainDateTime | null {
  if (!START_TIME.test(text)) return null;
  try {
    return Temporal.PlainDateTime.from(text.replace(' ', 'T'), { overflow: 'reject' });
  } catch {
    return null;
  }
}

/** `2020-01-21 12:30:00` or `2020-01-21`, in a zone that exists. */
function calendarOf(doc: Parsed, window: TimeWindow, report: Report): Calendar | null {
  const { startTime, timeZone } = window.calendar!;
  const path: Path = ['spec', 'timeWindow', 0, 'calendar'];
  const start = startTimeOf(startTime);
  if (!start) {
    report(
      doc,
      [...path, 'startTime'],
      'INVALID_VALUE',
      `expected a date and time such as 2026-01-01 00:00:00, got "${startTime}"`,
    );
    return null;
  }
  try {
    start.toZonedDateTime(timeZone);
  } catch {
    report(
      doc,
      [...path, 'timeZone'],
      'UNKNOWN_TIME_ZONE',
      `no time zone is named "${timeZone}"`,
      'write it as in the IANA list, such as Europe/Berlin or UTC',
    );
    return null;
  }
  const [, count, unit] = /^(\d+)([dwMQ])$/.exec(window.duration)!;
  if ((unit === 'M' || unit === 'Q') && start.day > 28) {
    report(
      doc,
      [...path, 'startTime'],
      'CALENDAR_START',
      'a window of months must begin on a day that every month has (1 to 28)',
    );
    return null;
  }
  return { unit: unit as Calendar['unit'], count: Number(count), start: start.toString(), timeZone };
}

function windowOf(doc: Parsed<OpenSloSlo>, report: Report): Pick<Slo, 'windowMs' | 'calendar'> {
  const window = doc.value.spec.timeWindow[0]!;
  const path: Path = ['spec', 'timeWindow', 0, 'duration'];
  if (!window.isRolling) {
    const calendar = calendarOf(doc, window, report);
    const windowMs = calendar ? CALENDAR_DAYS[calendar.unit] * calendar.count * DAY : DAY;
    if (windowMs > MAX_WINDOW_DAYS * DAY)
      report(doc, path, 'WINDOW_TOO_LONG', `expected at most a quarter, got ${window.duration}`);
    return { windowMs, calendar };
  }
  const windowMs = ms(window.duration);
  if (windowMs < HOUR || windowMs > MAX_WINDOW_DAYS * DAY || windowMs % (windowMs >= DAY ? DAY : HOUR) !== 0)
    report(
      doc,
      path,
      'WINDOW_LENGTH',
      `expected whole hours below a day or whole days up to ${MAX_WINDOW_DAYS}, got ${window.duration}`,
    );
  return { windowMs, calendar: null };
}

function budgetingOf(
  doc: Parsed<OpenSloSlo>,
  objective: Objective,
  index: number,
  report: Report,
): Budgeting {
  const method = doc.value.spec.budgetingMethod;
  const at: Path = ['spec', 'objectives', index];
  const { timeSliceWindow, timeSliceTarget } = objective;
  if (method === 'Occurrences') {
    for (const field of ['timeSliceWindow', 'timeSliceTarget'] as const)
      if (objective[field] !== undefined)
        report(
          doc,
          [...at, field],
          'UNUSED_SLICE',
          `${field} belongs to Timeslices; Occurrences has none`,
          'remove it',
        );
    return { kind: 'occurrences' };
  }
  if (timeSliceWindow === undefined) {
    report(doc, at, 'MISSING_SLICE', `missing timeSliceWindow: ${method} needs the length of a slice`);
    return { kind: 'occurrences' };
  }
  const sliceMs = ms(timeSliceWindow);
  if (sliceMs <= 0 || TILE_MS % sliceMs !== 0)
    report(
      doc,
      [...at, 'timeSliceWindow'],
      'SLICE_LENGTH',
      `expected a slice that fits whole into 5m (15s, 30s, 1m, 5m), got ${timeSliceWindow}`,
    );
  if (method === 'RatioTimeslices') {
    if (timeSliceTarget !== undefined)
      report(
        doc,
        [...at, 'timeSliceTarget'],
        'UNUSED_SLICE',
        'timeSliceTarget belongs to Timeslices',
        'remove it',
      );
    return { kind: 'ratio-timeslices', sliceMs };
  }
  if (timeSliceTarget === undefined)
    report(
      doc,
      at,
      'MISSING_SLICE',
      'missing timeSliceTarget: the share of good requests that makes a slice good',
    );
  return { kind: 'timeslices', sliceMs, target: timeSliceTarget ?? 1 };
}

/** Labels by which a ready-made query can still be grouped; null: by any. */
function labelsLeft({ grouping }: Compiled): readonly string[] | null {
  if (grouping === null || grouping.kind === 'each' || grouping.kind === 'without') return null;
  return grouping.kind === 'by' ? grouping.labels : [];
}

/** What is told of labels that rules carry themselves: under which name groups have theirs. */
function tellMoved(
  doc: Parsed<OpenSloSlo>,
  path: Path,
  { series = {} }: NonNullable<Slo['groupBy']>,
  report: Report,
): void {
  for (const [name, label] of Object.entries(series))
    report.note(
      doc,
      path,
      'GROUP_LABEL',
      `groups of "${label}" are labelled ${name}: rules carry a label of that name themselves`,
    );
}

/** The groups that the query itself makes: each gets burn rates, a budget and alerts of its own. */
function groupOfQuery(
  doc: Parsed<OpenSloSlo>,
  compiled: Compiled,
  limit: number,
  report: Report,
): Slo['groupBy'] {
  const labels = (compiled.groupBy ?? []).filter(isGroupLabel);
  const others = (compiled.groupBy ?? []).filter((l) => !isGroupLabel(l));
  const path: Path = ['metadata', 'name'];
  if (others.length > 0)
    report.note(
      doc,
      path,
      'GROUP_LABEL',
      `grouping by ${others.join(', ')} is left out: it tells no groups apart`,
    );
  if (labels.length === 0) return null;
  const groups = groupLabels(labels, limit);
  tellMoved(doc, path, groups, report);
  report.note(
    doc,
    path,
    'GROUPED',
    `grouped by ${groups.labels.join(', ')}, at most ${limit} groups; the contracted series are of the whole service`,
    `declare ${ANNOTATIONS.groupLimit} for more or fewer`,
  );
  return groups;
}

function checkGroupLabel(
  doc: Parsed<OpenSloSlo>,
  label: string,
  left: readonly string[] | null,
  report: Report,
): void {
  const path: Path = ['metadata', 'annotations', ANNOTATIONS.groupBy];
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label))
    report(doc, path, 'INVALID_VALUE', `expected label names, got "${label}"`);
  else if (!isGroupLabel(label))
    report(doc, path, 'LABEL_COLLISION', `label "${label}" is reserved for Sluice`, 'group by another label');
  else if (left && !left.includes(label))
    report(
      doc,
      path,
      'GROUP_LABEL',
      `the query leaves no label "${label}": it aggregates ${left.length > 0 ? `by ${left.join(', ')}` : 'everything'}`,
      `add by (${label}) to the query`,
    );
}

function groupOf(doc: Parsed<OpenSloSlo>, compiled: Compiled, report: Report): Slo['groupBy'] {
  const annotations = doc.value.metadata.annotations ?? {};
  const text = annotations[ANNOTATIONS.groupBy];
  const path: Path = ['metadata', 'annotations', ANNOTATIONS.groupLimit];
  const limit = Number(annotations[ANNOTATIONS.groupLimit] ?? GROUP_LIMIT.default);
  if (!Number.isInteger(limit) || limit < 1 || limit > GROUP_LIMIT.max)
    report(doc, path, 'INVALID_VALUE', `expected a number from 1 to ${GROUP_LIMIT.max}`);
  if (text === undefined) {
    if (annotations[ANNOTATIONS.groupLimit] !== undefined && !compiled.groupBy)
      report(doc, path, 'UNUSED_GROUP_LIMIT', `${ANNOTATIONS.groupLimit} without ${ANNOTATIONS.groupBy}`);
    return groupOfQuery(doc, compiled, limit, report);
  }
  const labels = text.split(',').map((l) => l.trim());
  const left = labelsLeft(compiled);
  for (const label of labels) checkGroupLabel(doc, label, left, report);
  const groups = groupLabels(labels, limit);
  tellMoved(doc, ['metadata', 'annotations', ANNOTATIONS.groupBy], groups, report);
  return groups;
}

/** A label's name as Prometheus allows it. */
export const plainLabel = (name: string): string =>
  name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(\d)/, '_$1');

/**
 * Labels of a document as Prometheus labels: `app.kubernetes.io/name` becomes `app_kubernetes_io_name`. Those that our
 * own rules carry are left out, and that is said.
 */
function labelsOf(doc: Parsed<OpenSloSlo>, report: Report): Record<string, string> {
  const labels: Record<string, string> = {};
  const ours: Readonly<Record<string, string>> = {
    service: doc.value.spec.service,
    slo: doc.value.metadata.name,
  };
  for (const [name, value] of Object.entries(doc.value.metadata.labels ?? {})) {
    const plain = plainLabel(name);
    const path: Path = ['metadata', 'labels', name];
    if (RESERVED_LABELS.has(plain)) {
      const message = `label "${plain}" is left out: rules and alerts already have a label of this name`;
      if (ours[plain] !== value) report.note(doc, path, 'LABEL_LEFT_OUT', message, 'rename it');
      continue;
    }
    if (Object.hasOwn(labels, plain))
      report(
        doc,
        path,
        'LABEL_COLLISION',
        `two labels become "${plain}" in Prometheus`,
        'rename one of them',
      );
    labels[plain] = Array.isArray(value) ? value.join(',') : value;
  }
  return labels;
}

function conditionsOf(doc: Parsed<OpenSloSlo>, shelf: PolicyShelf, report: Report): AlertCondition[] {
  return doc.value.spec.alertPolicies.flatMap((entry, i): AlertCondition[] => {
    const path: Path = ['spec', 'alertPolicies', i];
    const named = typeof entry === 'string' ? entry : 'alertPolicyRef' in entry ? entry.alertPolicyRef : null;
    const found =
      named === null ? undefined : refer(shelf, shelf.policies, 'AlertPolicy', named, doc, path, report);
    if (named !== null && !found) return [];
    const at: Parsed = found ?? doc;
    const base: Path = found ? ['spec'] : [...path, 'spec'];
    const policy = found ? found.value : (entry as AlertPolicyDocument);
    const { conditions, notificationTargets } = policy.spec;
    const condition = conditions[0]!;
    const ref = 'conditionRef' in condition ? condition.conditionRef : null;
    const other =
      ref === null
        ? undefined
        : refer(
            shelf,
            shelf.conditions,
            'AlertCondition',
            ref,
            at,
            [...base, 'conditions', 0, 'conditionRef'],
            report,
          );
    if (ref !== null && !other) return [];
    const spec = other ? other.value.spec : (condition as AlertConditionDocument).spec;
    const targets = notificationTargets.flatMap((target, j): string[] => {
      if (!('targetRef' in target)) return [target.spec.target];
      const where: Path = [...base, 'notificationTargets', j, 'targetRef'];
      const there = refer(
        shelf,
        shelf.targets,
        'AlertNotificationTarget',
        target.targetRef,
        at,
        where,
        report,
      );
      return there ? [there.value.spec.target] : [];
    });
    const { op, threshold, lookbackWindow, alertAfter } = spec.condition;
    return [
      {
        policy: policy.metadata.name,
        severity: spec.severity,
        op: OPERATORS[op],
        threshold,
        windowMs: ms(lookbackWindow),
        forMs: ms(alertAfter),
        whenBreaching: policy.spec.alertWhenBreaching,
        whenNoData: policy.spec.alertWhenNoData,
        whenResolved: policy.spec.alertWhenResolved,
        targets,
      },
    ];
  });
}

const suffixOf = (o: Objective): string =>
  (o.displayName ?? String(o.target ?? o.targetPercent))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** One document with several objectives becomes one SLO each, `name-<objective>`. */
export function compileSlos(
  doc: Parsed<OpenSloSlo>,
  shelf: PolicyShelf,
  services: ReadonlyMap<string, string>,
  alerting: SloAlerting,
  report: Report,
): Slo[] {
  const { spec, metadata } = doc.value;
  const shared = {
    service: spec.service,
    ...windowOf(doc, report),
    description: spec.description ?? '',
    conditions: conditionsOf(doc, shelf, report),
    labels: labelsOf(doc, report),
    runbook: metadata.annotations?.[ANNOTATIONS.runbook] ?? services.get(spec.service) ?? null,
  };
  return spec.objectives.map((objective, i) => {
    const compiled = compileIndicator(doc, objective, i, shelf, report);
    return {
      name: spec.objectives.length === 1 ? metadata.name : `${metadata.name}-${suffixOf(objective)}`,
      objective: objective.target ?? Number(((objective.targetPercent ?? 0) / 100).toPrecision(12)),
      budgeting: budgetingOf(doc, objective, i, report),
      indicator: compiled.indicator,
      groupBy: groupOf(doc, compiled, report),
      alerting,
      ...shared,
    };
  });
}
