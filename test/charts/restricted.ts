import type { Resource } from './platform.ts';

interface Security {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly seccompProfile?: { readonly type: string };
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
}
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly securityContext?: Security;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly [field: string]: unknown;
}
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly securityContext?: Security;
  readonly volumes?: readonly { readonly name: string; readonly [source: string]: unknown }[];
  readonly [field: string]: unknown;
}

export const podOf = (r: Resource): PodSpec => (r.spec['template'] as { spec: PodSpec }).spec;

export const containersOf = (pod: PodSpec): readonly Container[] => [
  ...(pod.initContainers ?? []),
  ...pod.containers,
];

const SECCOMP = ['RuntimeDefault', 'Localhost'];
/** Sources of volumes that the profile lets pass. */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

function containerViolations(c: Container, pod: Security): string[] {
  const own = c.securityContext ?? {};
  const seccomp = own.seccompProfile?.type ?? pod.seccompProfile?.type ?? '';
  const found: [boolean, string][] = [
    [own.privileged === true, 'privileged'],
    [own.allowPrivilegeEscalation !== false, 'allowPrivilegeEscalation is not false'],
    [!own.capabilities?.drop?.includes('ALL'), 'capabilities are not dropped'],
    [(own.capabilities?.add ?? []).some((a) => a !== 'NET_BIND_SERVICE'), 'capabilities are added'],
    [(own.runAsNonRoot ?? pod.runAsNonRoot) !== true, 'runAsNonRoot is not true'],
    [(own.runAsUser ?? pod.runAsUser) === 0, 'runs as root'],
    [!SECCOMP.includes(seccomp), 'no seccompProfile'],
  ];
  return found.filter(([wrong]) => wrong).map(([, what]) => `${c.name}: ${what}`);
}

/** What keeps a pod from the profile `restricted` of the Pod Security Standards (Kubernetes 1.34). */
export function restrictedViolations(pod: PodSpec): string[] {
  const host = ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => pod[field] === true);
  const volumes = (pod.volumes ?? []).flatMap(({ name, ...source }) =>
    Object.keys(source)
      .filter((kind) => !VOLUMES.includes(kind))
      .map((kind) => `volume ${name}: ${kind}`),
  );
  const containers = containersOf(pod).flatMap((c) => containerViolations(c, pod.securityContext ?? {}));
  return [...host, ...volumes, ...containers];
}
