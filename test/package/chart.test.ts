import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { packChart } from '../../scripts/package/chart.ts';
import { temporaryFolder } from '../folder.ts';
import { tool } from '../tools.ts';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const CHARTS = ['service', 'sluice'] as const;
const VERSION = '0.1.0';
const into = temporaryFolder('charts');
const packed = new Map(CHARTS.map((chart) => [chart, packChart(into, chart, VERSION)]));

/** The folder of an archive of an OCI layout. */
function unpacked(archive: string): string {
  const folder = temporaryFolder('layout');
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  return folder;
}

/** A registry that can be read and no more: what the archives hold, a repository a chart. */
const registry = createServer((request, response: ServerResponse) => {
  const [, chart, kind, reference] =
    /^\/v2\/charts\/(\w+)\/(manifests|blobs)\/([\w.:]+)$/.exec(request.url ?? '') ?? [];
  const folder = layouts.get(chart ?? '');
  if (!folder) return response.writeHead(request.url === '/v2/' ? 200 : 404).end();
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
  const tagged = index.manifests.find(
    (m) => m.annotations['org.opencontainers.image.ref.name'] === reference,
  );
  const digest = tagged?.digest ?? reference!;
  const blob = join(folder, 'blobs', digest.replace(':', '/'));
  if (!existsSync(blob)) return response.writeHead(404).end();
  const data = readFileSync(blob);
  const type = kind === 'manifests' ? index.manifests[0]!.mediaType : 'application/octet-stream';
  response.writeHead(200, {
    'content-type': type,
    'content-length': data.length,
    'docker-content-digest': digest,
  });
  return response.end(request.method === 'HEAD' ? undefined : data);
});
const layouts = new Map<string, string>(CHARTS.map((chart) => [chart, unpacked(packed.get(chart)!.oci)]));
afterAll(() => void registry.close());

describe('charts as files of a release', () => {
  it.each(CHARTS)('PACK-6: every part of the archive of %s is what its digest says', (chart) => {
    const folder = layouts.get(chart)!;
    const { manifests } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
      manifests: Descriptor[];
    };
    const blob = (d: Descriptor) => readFileSync(join(folder, 'blobs', d.digest.replace(':', '/')));
    const manifest = JSON.parse(blob(manifests[0]!).toString()) as {
      config: Descriptor;
      layers: Descriptor[];
    };
    for (const part of [manifests[0]!, manifest.config, ...manifest.layers])
      expect(`sha256:${createHash('sha256').update(blob(part)).digest('hex')}`).toBe(part.digest);
    expect(blob(manifest.layers[0]!).equals(readFileSync(packed.get(chart)!.tgz))).toBe(true);
  });

  it('PACK-6: parts of the archive have plain names, as an OCI layout has', () => {
    const listed = execFileSync('tar', ['-tf', packed.get('sluice')!.oci], { encoding: 'utf8' }).split('\n');
    expect(listed).toEqual(expect.arrayContaining(['oci-layout', 'index.json', 'blobs/sha256/']));
  });

  it('PACK-6: the same charts give the same bytes', () => {
    const again = packChart(temporaryFolder('again'), 'service', VERSION);
    for (const form of ['tgz', 'oci'] as const)
      expect(readFileSync(again[form]).equals(readFileSync(packed.get('service')![form])), form).toBe(true);
  });

  it.skipIf(!tool('helm')).each(CHARTS)(
    'PACK-6: helm takes %s from a registry that holds its archive',
    async (chart) => {
      if (!registry.listening)
        await new Promise<void>((done) => {
          registry.listen(0, '127.0.0.1', done);
        });
      const { port } = registry.address() as AddressInfo;
      const folder = temporaryFolder('pulled');
      const run = promisify(execFile);
      await run(
        tool('helm')!,
        [
          'pull',
          `oci://127.0.0.1:${port}/charts/${chart}`,
          '--version',
          VERSION,
          '--plain-http',
          '-d',
          folder,
        ],
        {
          env: { ...process.env, HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder },
        },
      );
      const pulled = readFileSync(join(folder, `${chart}-${VERSION}.tgz`));
      expect(pulled.equals(readFileSync(packed.get(chart)!.tgz))).toBe(true);
      const shown = await run(tool('helm')!, ['show', 'chart', join(folder, `${chart}-${VERSION}.tgz`)]);
      expect(shown.stdout).toContain(`name: ${chart}`);
    },
  );
});
