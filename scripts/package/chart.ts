import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

interface Metadata {
  readonly name: string;
  readonly version: string;
  readonly description: string;
}

/** Parts of a folder as a tar: the same files give the same bytes. */
function tarOf(tar: string, folder: string, ...parts: string[]): void {
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  execFileSync('tar', [...same, '-cf', tar, '-C', folder, ...parts]);
}

/** A chart as Helm packs it: one folder of the chart's name. */
function packed(into: string, chart: string, version: string): string {
  const tar = join(into, `${chart}-chart-${version}.tar`);
  tarOf(tar, join(ROOT, 'charts'), chart);
  execFileSync('gzip', ['-n', '-9', tar]);
  const file = tar.replace(/\.tar$/, '.tgz');
  renameSync(`${tar}.gz`, file);
  return file;
}

/** The chart as an OCI artifact, with the media types by which Helm knows it, in a tar of an OCI layout. */
function layout(chart: string, file: string, target: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-chart-'));
  const blobs = join(folder, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, data: Buffer | string) => {
    const hex = createHash('sha256').update(data).digest('hex');
    writeFileSync(join(blobs, hex), data);
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(data) };
  };
  try {
    const metadata = parse(readFileSync(join(ROOT, 'charts', chart, 'Chart.yaml'), 'utf8')) as Metadata;
    const manifest = put(
      MANIFEST,
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: put('application/vnd.cncf.helm.config.v1+json', JSON.stringify(metadata)),
        layers: [put('application/vnd.cncf.helm.chart.content.v1.tar+gzip', readFileSync(file))],
        annotations: {
          'org.opencontainers.image.title': metadata.name,
          'org.opencontainers.image.version': metadata.version,
          'org.opencontainers.image.description': metadata.description,
        },
      }),
    );
    const annotations = { 'org.opencontainers.image.ref.name': metadata.version };
    writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    writeFileSync(
      join(folder, 'index.json'),
      JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
    );
    // ORAS finds parts by their plain names, without `./` before them.
    tarOf(target, folder, 'blobs', 'index.json', 'oci-layout');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes a chart into a folder twice: as `helm package` would, and as an archive of an OCI layout for registries. */
export function packChart(into: string, chart: string, version: string): { tgz: string; oci: string } {
  const tgz = packed(into, chart, version);
  const oci = join(into, `${chart}-chart-${version}.oci.tar`);
  layout(chart, tgz, oci);
  return { tgz, oci };
}
