import type { SyncWord } from '../../sync.ts';
import type { FluxObject } from './objects.ts';
import { isSameCommit, revisionOf, shortRevision } from './revision.ts';

/** What Flux says of one service. */
export interface FluxStatus {
  readonly sync: SyncWord;
  readonly note: string;
  /** What was applied is not healthy, as Flux checked it. */
  readonly degraded: boolean;
}

/** The objects from which a service is applied, from Git to the release. */
interface FluxChain {
  /** Null: there is none of that name. */
  readonly source: FluxObject | null;
  readonly sourceName: string;
  /** Of the environment, then of the service. */
  readonly kustomizations: readonly FluxObject[];
  readonly releases: readonly FluxObject[];
  /** That the environment follows. */
  readonly branch: string;
}

/** Reasons why nothing could be compared: what to apply is not known. */
const UNKNOWN: readonly string[] = ['ArtifactFailed', 'BuildFailed'];
const WORST: readonly SyncWord[] = ['OutOfSync', 'Unknown', 'Progressing', 'Synced'];
const SHOWN = 300;

const is = (sync: SyncWord, note: string, degraded = false): FluxStatus => ({ sync, note, degraded });
const SYNCED = is('Synced', '');

const because = ({ reason, message }: { reason: string; message: string }): string =>
  [reason, message.slice(0, SHOWN)].filter(Boolean).join(': ') || 'without a reason';

/** Of an object that is not ready: what its controller failed at. */
function failed(object: FluxObject, name: string): FluxStatus {
  const ready = object.ready!;
  const { applied, attempted } = object;
  const kept =
    applied !== null && attempted !== null && !isSameCommit(applied, attempted)
      ? `; ${shortRevision(attempted)} was tried, ${shortRevision(applied)} is applied`
      : '';
  const note = `${name} is not ready: ${because(ready)}${kept}`;
  if (ready.reason === 'DependencyNotReady') return is('Progressing', note);
  if (object.kind === 'GitRepository' || UNKNOWN.includes(ready.reason)) return is('Unknown', note);
  return is('OutOfSync', note, ready.reason === 'HealthCheckFailed');
}

/** What every kind says alike; null: it is ready, or only checks again what it applied before. */
function common(object: FluxObject, isCurrent: boolean): FluxStatus | null {
  const name = `${object.kind} ${object.name}`;
  if (object.malformed !== null) return is('Unknown', `${name} cannot be read: ${object.malformed}`);
  if (object.suspended) return is('Unknown', `${name} is suspended`);
  if (!object.observed) return is('Progressing', `${name} was changed, and Flux has not seen it yet`);
  if (object.stalled?.status === 'True')
    return is('OutOfSync', `${name} is stalled, and is not tried again: ${because(object.stalled)}`);
  if (object.ready?.status === 'True') return null;
  if (object.ready?.status === 'False') return failed(object, name);
  if (isCurrent) return null;
  const doing = object.reconciling ?? object.ready;
  return is('Progressing', `${name} is being reconciled${doing ? `: ${because(doing)}` : ''}`);
}

/** A GitRepository has the branch that the environment follows. */
function ofSource(source: FluxObject, branch: string): FluxStatus {
  const said = common(source, source.applied !== null);
  if (said) return said;
  const name = `GitRepository ${source.name}`;
  if (source.applied === null) return is('Progressing', `${name} has fetched nothing yet`);
  const revision = revisionOf(source.applied);
  if (!revision)
    return is('Unknown', `${name} is at ${shortRevision(source.applied)}, a revision of no known form`);
  return revision.name === null || revision.name === branch
    ? SYNCED
    : is('OutOfSync', `${name} is at ${revision.name}, and not at the branch ${branch}`);
}

/** A Kustomization has applied what its source has. */
function ofKustomization(object: FluxObject, source: FluxObject | null): FluxStatus {
  const { applied } = object;
  const git = source?.applied ?? null;
  const isCurrent = applied !== null && git !== null && isSameCommit(applied, git);
  const said = common(object, isCurrent);
  const behind =
    applied !== null && git !== null && !isCurrent
      ? `${shortRevision(applied)} is applied, Git is at ${shortRevision(git)}`
      : '';
  if (said) return object.suspended && behind ? is('OutOfSync', `${said.note}: ${behind}`) : said;
  const name = `Kustomization ${object.name}`;
  if (applied !== null && !revisionOf(applied))
    return is('Unknown', `${name} has applied ${shortRevision(applied)}, a revision of no known form`);
  return behind ? is('Progressing', `${name}: ${behind}`) : SYNCED;
}

/** A HelmRelease is deployed as its newest release in Helm. */
function ofRelease(object: FluxObject): FluxStatus {
  const said = common(object, false);
  if (said) return said;
  const name = `HelmRelease ${object.name}`;
  if (object.release === null) return is('Unknown', `${name} is ready, and has no release in its history`);
  return object.release === 'deployed'
    ? SYNCED
    : is('OutOfSync', `${name} is ${object.release} in Helm (chart ${object.applied})`);
}

/** What Flux says of a service: the worst of what its objects say, and of equals the one nearest to Git. Pure. */
export function fluxStatus({ source, sourceName, kustomizations, releases, branch }: FluxChain): FluxStatus {
  if (releases.length === 0 && kustomizations.every((k) => k.service === ''))
    return is('Unknown', 'no HelmRelease or Kustomization has the labels of this service and environment');
  const all = [
    source ? ofSource(source, branch) : is('Unknown', `there is no GitRepository ${sourceName}`),
    ...kustomizations.map((object) => ofKustomization(object, source)),
    ...releases.map(ofRelease),
  ];
  return WORST.flatMap((word) => all.filter((one) => one.sync === word))[0]!;
}
