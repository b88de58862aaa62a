import { Temporal } from 'temporal-polyfill';
import { type Grant, grantIn } from '../kit/actor.ts';
import { invariant } from '../kit/result.ts';
import { parseDuration } from '../kit/time.ts';
import { GOVERNANCE_DEFAULTS as D } from './defaults.ts';
import type { Parsed } from './documents.ts';
import type { CalendarFreeze, ForgeSource, PolicySettings, SignIn } from './platform.ts';
import { localDay, type Recurrence, readRecurrence } from './recurrence.ts';
import { checkKnown, type Path, type Report } from './report.ts';
import type { PlatformDocument } from './schema.ts';

type Spec = PlatformDocument['spec'];
const ms = (text: string): number => parseDuration(text)!;

export function compilePolicy(p: Spec['policy']): PolicySettings {
  return {
    block: p?.budget?.block ?? D.block,
    warn: p?.budget?.warn ?? D.warn,
    freeze: {
      budget: p?.freeze?.budget ?? D.freezeAt,
      recover: p?.freeze?.recover ?? D.recoverAt,
      forMs: ms(p?.freeze?.for ?? D.recoverFor),
      onBurn: p?.freeze?.onBurn ?? true,
    },
    history: {
      maxFailed: p?.history?.maxFailed ?? D.maxFailed,
      windowMs: ms(p?.history?.within ?? D.failedWithin),
    },
    risk: { maxServices: p?.risk?.maxServices ?? D.maxServices },
    exempt: {
      emergency: p?.exempt?.emergency ?? [...D.emergency],
      security: p?.exempt?.security ?? [...D.security],
    },
    waiver: { maxMs: ms(p?.waiver?.max ?? D.waiverMax), secondPerson: p?.waiver?.secondPerson ?? false },
    validForMs: ms(p?.validFor ?? D.validFor),
    server: p?.server ? { address: p.server.address, bearer: p.server.bearer?.secretRef ?? null } : null,
    bundle: p?.bundle ?? null,
  };
}

export const compileFreeze = (f: Spec['freezes'][number]): CalendarFreeze => ({
  name: f.name,
  reason: f.reason,
  environments: f.environments ?? null,
  services: f.services ?? null,
  timeZone: f.timeZone,
  start: f.start,
  end: f.end ?? null,
  durationMs: f.duration ? ms(f.duration) : null,
  recurrence: f.rrule === undefined ? null : recurrenceOf(f.rrule, f.start),
});

function recurrenceOf(rrule: string, start: string): Recurrence {
  const read = readRecurrence(rrule, localDay(start));
  invariant(read.ok, 'a recurrence was read before it is compiled');
  return read.value;
}

export function compileForge(f: Spec['forge']): ForgeSource | null {
  if (!f) return null;
  const shared = { branch: f.branch, check: f.check, declaration: f.declaration ?? null };
  if (f.gitea) {
    const { address, repository, token, webhookSecret } = f.gitea;
    return {
      ...shared,
      at: {
        kind: 'gitea',
        address,
        repository,
        token: token.secretRef,
        webhookSecret: webhookSecret.secretRef,
      },
    };
  }
  if (f.github) {
    const { address, repository, token, app, webhookSecret } = f.github;
    const auth = token
      ? { token: token.secretRef }
      : { app: { id: app!.id, installation: app!.installation, privateKey: app!.privateKey.secretRef } };
    return {
      ...shared,
      at: { kind: 'github', address, repository, auth, webhookSecret: webhookSecret.secretRef },
    };
  }
  return { ...shared, at: { kind: 'local' } };
}

type People = NonNullable<NonNullable<Spec['signIn']>['people']>;

const grantsOf = (groups: People['groups']): Record<string, Grant> =>
  Object.fromEntries(
    Object.entries(groups).map(([group, given]) => [group, Array.isArray(given) ? given : grantIn(given)]),
  );

export function compileSignIn(s: Spec['signIn']): SignIn {
  const people = s?.people;
  return {
    people: people
      ? {
          issuer: people.issuer,
          clientId: people.clientId,
          clientSecret: people.clientSecret?.secretRef ?? null,
          groupsClaim: people.groupsClaim,
          groups: grantsOf(people.groups),
          publicUrl: people.publicUrl ?? null,
        }
      : null,
    machines: s?.machines ?? [],
    ...(s?.verdict ? { verdict: s.verdict.secretRef } : {}),
  };
}

function localTime(text: string): Temporal.PlainDateTime | null {
  try {
    return Temporal.PlainDateTime.from(text, { overflow: 'reject' });
  } catch {
    return null;
  }
}

/** Rights are limited to services and teams that are there: a name with a slip would be a right that nobody has. */
export function checkSignIn(doc: Parsed<PlatformDocument>, report: Report): void {
  const { services, signIn } = doc.value.spec;
  const serviceNames = services.map((s) => s.name);
  const teamNames = [...new Set(services.flatMap((s) => s.team ?? []))];
  const check = (at: Path, grant: { readonly services?: unknown; readonly teams?: unknown }) => {
    const namesOf = (names: unknown) => (names ?? []) as readonly string[];
    for (const [j, name] of namesOf(grant.services).entries())
      checkKnown(report, doc, [...at, 'services', j], 'service', name, serviceNames);
    for (const [j, name] of namesOf(grant.teams).entries())
      checkKnown(report, doc, [...at, 'teams', j], 'team', name, teamNames);
  };
  for (const [group, grant] of Object.entries(signIn?.people?.groups ?? {}))
    if (!Array.isArray(grant)) check(['spec', 'signIn', 'people', 'groups', group], grant);
  for (const [i, machine] of (signIn?.machines ?? []).entries())
    check(['spec', 'signIn', 'machines', i], machine);
}

/** Dates that exist, zones that exist, an end after the start, and names that are declared. */
export function checkGovernanceSpec(doc: Parsed<PlatformDocument>, report: Report): void {
  const { freezes, environments, services } = doc.value.spec;
  const names = { environments: environments.map((e) => e.name), services: services.map((s) => s.name) };
  const seen = new Set<string>();
  for (const [i, freeze] of freezes.entries()) {
    const at: Path = ['spec', 'freezes', i];
    if (seen.has(freeze.name))
      report(doc, [...at, 'name'], 'DUPLICATE_NAME', `freeze "${freeze.name}" is declared twice`);
    seen.add(freeze.name);
    for (const field of ['environments', 'services'] as const)
      for (const [j, name] of (freeze[field] ?? []).entries()) {
        const what = field === 'services' ? 'service' : 'environment';
        checkKnown(report, doc, [...at, field, j], what, name, names[field]);
      }
    const [start, end] = [localTime(freeze.start), freeze.end ? localTime(freeze.end) : null];
    if (!start) report(doc, [...at, 'start'], 'INVALID_VALUE', `there is no such day: "${freeze.start}"`);
    if (freeze.end && !end)
      report(doc, [...at, 'end'], 'INVALID_VALUE', `there is no such day: "${freeze.end}"`);
    if (start && end && Temporal.PlainDateTime.compare(end, start) <= 0)
      report(doc, [...at, 'end'], 'INVALID_VALUE', 'expected an end after the start');
    const recurrence =
      start && freeze.rrule !== undefined ? readRecurrence(freeze.rrule, localDay(freeze.start)) : null;
    if (recurrence && !recurrence.ok)
      report(
        doc,
        [...at, 'rrule'],
        'RECURRENCE',
        recurrence.error,
        'see RFC 5545, such as FREQ=WEEKLY;BYDAY=FR',
      );
    try {
      Temporal.PlainDateTime.from('2026-01-01').toZonedDateTime(freeze.timeZone);
    } catch {
      report(
        doc,
        [...at, 'timeZone'],
        'UNKNOWN_TIME_ZONE',
        `no time zone is named "${freeze.timeZone}"`,
        'write it as in the IANA list, such as Europe/Berlin or UTC',
      );
    }
  }
}
