import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/io/clock.ts';
import { writeAtomic } from '../../src/io/files.ts';
import type { Kubernetes } from '../../src/io/kubernetes/client.ts';
import { type Reflector, reflect } from '../../src/io/kubernetes/reflector.ts';
import type { Machine } from './machine.ts';

/**
 * A stand-in of the tests for an ingress controller, which cannot be had here: a real nginx whose configuration is
 * written from Ingress objects, the canary annotations that Argo Rollouts writes, and the endpoints of Services.
 */
export interface IngressStandIn {
  readonly address: string;
  close(): Promise<void>;
}

interface Ingress {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly service: string;
  readonly canary: boolean;
  readonly weight: number;
  /** It was told where it is served: without, Argo CD waits for it. */
  readonly told: boolean;
}

interface IngressObject {
  metadata: { name: string; annotations?: Record<string, string> };
  status?: { loadBalancer?: { ingress?: object[] } };
  spec: { rules?: { host?: string; http?: { paths: { backend: { service?: { name: string } } }[] } }[] };
}
interface SliceObject {
  metadata: { name: string; labels?: Record<string, string> };
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[] | null;
  ports?: { port: number }[] | null;
}

const CANARY = 'nginx.ingress.kubernetes.io/canary';

const ingressOf = (object: unknown): Ingress => {
  const { metadata, spec, status } = object as IngressObject;
  const rules = spec.rules ?? [];
  return {
    name: metadata.name,
    hosts: rules.flatMap((r) => r.host ?? []),
    service: rules[0]?.http?.paths[0]?.backend.service?.name ?? '',
    canary: metadata.annotations?.[CANARY] === 'true',
    told: (status?.loadBalancer?.ingress ?? []).length > 0,
    weight: Number(metadata.annotations?.[`${CANARY}-weight`] ?? 0),
  };
};

interface Slice {
  readonly service: string;
  readonly addresses: readonly string[];
}
const sliceOf = (object: unknown): Slice => {
  const { metadata, endpoints, ports } = object as SliceObject;
  const port = ports?.[0]?.port ?? 80;
  return {
    service: metadata.labels?.['kubernetes.io/service-name'] ?? '',
    addresses: (endpoints ?? [])
      .filter((e) => e.conditions?.ready !== false)
      .flatMap((e) => e.addresses.map((a) => `${a}:${port}`)),
  };
};

/** What one namespace asks for: hosts, by whom they are served, and what share a canary gets. */
function serversOf(namespace: string, ingresses: readonly Ingress[], slices: readonly Slice[]): string {
  const upstreams = new Map<string, readonly string[]>();
  for (const { service, addresses } of slices)
    upstreams.set(service, [...(upstreams.get(service) ?? []), ...addresses]);
  const name = (service: string) => `${namespace}_${service}`.replaceAll('-', '_');
  const there = [...upstreams].filter(([, addresses]) => addresses.length > 0);
  const pools = there.map(
    ([service, addresses]) =>
      `upstream ${name(service)} { ${[...addresses]
        .sort()
        .map((a) => `server ${a} max_fails=0;`)
        .join(' ')} keepalive 16; }`,
  );
  const known = new Set(there.map(([service]) => service));
  const servers = ingresses
    .filter((i) => !i.canary && i.hosts.length > 0)
    .map(({ hosts, service, name: own }) => {
      const canary = ingresses.find((i) => i.canary && i.hosts.some((h) => hosts.includes(h)));
      const share = canary && known.has(canary.service) ? Math.min(100, canary.weight) : 0;
      const arm = `$arm_${name(own)}`;
      const split =
        share <= 0
          ? `map $request_id ${arm} { default ${name(service)}; }`
          : share >= 100
            ? `map $request_id ${arm} { default ${name(canary!.service)}; }`
            : `split_clients $request_id ${arm} { ${share}% ${name(canary!.service)}; * ${name(service)}; }`;
      const where = known.has(service) || share > 0 ? `proxy_pass http://${arm};` : 'return 503;';
      return `${split}\nserver { listen 80; server_name ${hosts.join(' ')}; location / { ${where} } }`;
    });
  return [...pools, ...servers].join('\n');
}

const wrapped = (home: string, body: string): string => `
worker_processes 1;
pid ${home}/nginx.pid;
error_log ${home}/error.log warn;
# A machine that stands still for some seconds lets requests pile up, and each of them takes connections twice.
events { worker_connections 16384; }
http {
  access_log off;
  # A reload closes idle connections of clients, and a request that was just sent on one is lost: none is kept.
  keepalive_timeout 0;
  client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy; fastcgi_temp_path ${home}/f;
  uwsgi_temp_path ${home}/u; scgi_temp_path ${home}/s;
  server_names_hash_bucket_size 128;
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
  proxy_next_upstream off; proxy_connect_timeout 10s; proxy_read_timeout 30s;
  server { listen 80 default_server; return 404; }
${body}
}
`;

export async function startIngress(
  machine: Machine,
  kubernetes: Kubernetes,
  namespaces: readonly string[],
): Promise<IngressStandIn> {
  const home = join(machine.home, 'ingress');
  mkdirSync(home);
  const file = join(home, 'nginx.conf');
  const warn = () => {};
  const shared = { kubernetes, clock: systemClock, warn };
  const watched = namespaces.map((namespace): [string, Reflector<Ingress>, Reflector<Slice>] => [
    namespace,
    reflect({
      ...shared,
      path: `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`,
      pick: ingressOf,
    }),
    reflect({
      ...shared,
      path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
      pick: sliceOf,
    }),
  ]);
  const text = () =>
    wrapped(
      home,
      watched
        .map(([n, ingresses, slices]) => serversOf(n, [...ingresses.values()], [...slices.values()]))
        .join('\n'),
    );
  writeFileSync(file, text());
  machine.processes.start('ingress-nginx-stand-in', ['nginx', '-c', file, '-p', home, '-g', 'daemon off;']);
  let written = text();
  let due: NodeJS.Timeout | null = null;
  const reload = () => {
    due = null;
    const next = text();
    if (next === written) return;
    written = next;
    // nginx may still be reading what it was told of last.
    writeAtomic(file, next);
    spawnSync('nginx', ['-c', file, '-p', home, '-s', 'reload']);
  };
  const status = { status: { loadBalancer: { ingress: [{ ip: machine.net.node }] } } };
  for (const [namespace, ingresses] of watched)
    ingresses.onChange((name) => {
      if (ingresses.get(name)?.told !== false) return;
      const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}/status`;
      void kubernetes.patch(path, status).catch(() => undefined);
    });
  for (const [, ingresses, slices] of watched)
    for (const one of [ingresses, slices])
      one.onChange(() => {
        due ??= setTimeout(reload, 50);
      });
  return {
    address: `http://${machine.net.node}`,
    async close() {
      if (due) clearTimeout(due);
      await Promise.all(watched.flatMap(([, a, b]) => [a.close(), b.close()]));
    },
  };
}
