import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Kubernetes, openKubernetes } from '../../../src/io/kubernetes/client.ts';

export interface ApiObject {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Record<string, string>;
    readonly generation?: number;
    readonly ownerReferences?: readonly object[];
  };
  readonly [key: string]: unknown;
}

/** As much of an API server as is asked here, on loopback: lists, watches that resume, merge patches. */
export interface ApiServer {
  readonly address: string;
  readonly kubernetes: Kubernetes;
  put(path: string, object: ApiObject): void;
  remove(path: string, name: string): void;
  /** Ends every watch now, as a restarted server does. */
  cut(): void;
  /** Versions before now are too old to watch from. */
  compact(): void;
  answer(how: boolean): void;
  /** How often each thing was asked. */
  readonly asked: {
    lists: number;
    /** One object only, to see whether anybody answers. */
    pulses: number;
    watches: number;
    patches: { path: string; body: unknown }[];
  };
  close(): Promise<void>;
}

export const kubeconfig = (server: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'of-the-test' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  });

export async function apiServer(): Promise<ApiServer> {
  const kinds = new Map<string, Map<string, ApiObject>>();
  const history: { version: number; path: string; type: string; object: ApiObject }[] = [];
  const watches = new Set<{ path: string; response: ServerResponse }>();
  const asked: ApiServer['asked'] = { lists: 0, pulses: 0, watches: 0, patches: [] };
  let version = 1;
  let oldest = 0;
  let answers = true;
  const event = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;
  const told = (path: string, type: string, object: ApiObject) => {
    version++;
    const whole = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    history.push({ version, path, type, object: whole });
    for (const watch of watches) if (watch.path === path) watch.response.write(event(type, whole));
    return whole;
  };
  const server = createServer((req, res) => {
    const url = new URL(req.url!, 'http://api');
    if (!answers) return void res.destroy();
    if (req.headers.authorization !== 'Bearer of-the-test') return void res.writeHead(401).end('{}');
    const json = (status: number, body: object) =>
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (req.method === 'PATCH') {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        asked.patches.push({ path: url.pathname, body: JSON.parse(Buffer.concat(chunks).toString()) });
        json(200, {});
      });
      return;
    }
    if (url.pathname === '/version') return void json(200, {});
    const slash = url.pathname.lastIndexOf('/');
    const one = kinds.get(url.pathname.slice(0, slash))?.get(url.pathname.slice(slash + 1));
    if (one) return void json(200, one);
    const objects = kinds.get(url.pathname);
    if (!objects) return void json(404, { message: `nothing is at ${url.pathname}` });
    if (url.searchParams.get('watch') !== 'true') {
      const limit = Number(url.searchParams.get('limit') ?? 500);
      asked[limit === 1 ? 'pulses' : 'lists']++;
      const begin = Number(url.searchParams.get('continue') ?? 0);
      const all = [...objects.values()];
      const more = begin + limit < all.length ? { continue: String(begin + limit) } : {};
      return void json(200, {
        metadata: { resourceVersion: String(version), ...more },
        items: all.slice(begin, begin + limit),
      });
    }
    asked.watches++;
    const since = Number(url.searchParams.get('resourceVersion'));
    res.writeHead(200, { 'content-type': 'application/json' });
    if (since < oldest)
      return void res.end(event('ERROR', { code: 410, message: 'too old resource version' }));
    res.flushHeaders();
    for (const h of history)
      if (h.version > since && h.path === url.pathname) res.write(event(h.type, h.object));
    const watch = { path: url.pathname, response: res };
    watches.add(watch);
    res.once('close', () => watches.delete(watch));
  });
  const cutAll = () => {
    for (const { response } of watches) response.destroy();
  };
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    address,
    kubernetes: openKubernetes({ kubeconfig: kubeconfig(address), context: null }, () => Date.now()),
    put(path, object) {
      const objects = kinds.get(path) ?? new Map<string, ApiObject>();
      kinds.set(path, objects);
      const known = objects.has(object.metadata.name);
      objects.set(object.metadata.name, told(path, known ? 'MODIFIED' : 'ADDED', object));
    },
    remove(path, name) {
      const object = kinds.get(path)?.get(name);
      if (!object) return;
      kinds.get(path)!.delete(name);
      told(path, 'DELETED', object);
    },
    cut: cutAll,
    compact() {
      oldest = version + 1;
      history.length = 0;
    },
    answer(how) {
      answers = how;
      if (!how) cutAll();
    },
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
