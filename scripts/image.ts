// Packs the server as an image without an engine: the same files that the Dockerfile copies into an empty one.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundle, ENTRIES } from './bundle.ts';

const root = join(import.meta.dirname, '..');
const sh = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', cwd: root, maxBuffer: 64 * 1024 * 1024 });
const which = (program: string): string => sh('sh', '-c', `command -v ${program}`).trim();

/** Shared libraries of a program, its loader included, as paths. */
function librariesOf(program: string): string[] {
  const listed = sh('ldd', program).split('\n');
  return listed.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** A file at the place where it lies, with what a link names. */
function place(rootfs: string, file: string): void {
  const at = join(rootfs, file);
  if (existsSync(at)) return;
  mkdirSync(dirname(at), { recursive: true });
  cpSync(realpathSync(file), at);
}

/** Debian's folders are links since usr was merged. */
function skeleton(rootfs: string): void {
  for (const folder of ['usr/bin', 'usr/lib', 'usr/lib64', 'etc', 'tmp', 'work', 'declaration'])
    mkdirSync(join(rootfs, folder), { recursive: true });
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(rootfs, name));
  chmodSync(join(rootfs, 'tmp'), 0o1777);
  writeFileSync(join(rootfs, 'etc/passwd'), 'sluice:x:10001:10001::/tmp:/\n');
  writeFileSync(join(rootfs, 'etc/group'), 'sluice:x:10001:\n');
}

function program(rootfs: string, file: string, as: string): void {
  const at = join(rootfs, as);
  mkdirSync(dirname(at), { recursive: true });
  cpSync(realpathSync(file), at);
  chmodSync(at, 0o755);
  for (const library of librariesOf(file)) place(rootfs, library);
}

/** Node, and nothing else: no shell, no package manager. */
export function nodeRootfs(rootfs: string): void {
  skeleton(rootfs);
  program(rootfs, process.execPath, 'usr/bin/node');
}

/** git as the server drives it: over HTTP, without hooks and without a shell. */
function git(rootfs: string): void {
  program(rootfs, which('git'), 'usr/bin/git');
  const core = sh('git', '--exec-path').trim();
  const into = join(rootfs, core);
  mkdirSync(into, { recursive: true });
  program(rootfs, join(core, 'git-remote-http'), join(core, 'git-remote-http'));
  symlinkSync('git-remote-http', join(into, 'git-remote-https'));
  for (const name of ['git', 'git-upload-pack', 'git-receive-pack'])
    symlinkSync('/usr/bin/git', join(into, name));
  place(rootfs, '/etc/ssl/certs/ca-certificates.crt');
}

/** What it is made of, as CycloneDX: npm's own list, and the Debian packages whose files went in. */
function billOfMaterials(rootfs: string): void {
  const npm = JSON.parse(sh('npm', 'sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev')) as {
    components: object[];
    serialNumber?: string;
    metadata: { timestamp?: string };
  };
  // The same sources give the same image.
  delete npm.serialNumber;
  delete npm.metadata.timestamp;
  const files = sh('find', rootfs, '-type', 'f', '-not', '-path', `${rootfs}/app/*`)
    .trim()
    .split('\n')
    .map((file) => file.slice(rootfs.length));
  const owners = new Set<string>();
  for (const file of files)
    for (const candidate of [file, file.replace(/^\/usr/, '')])
      try {
        owners.add(
          execFileSync('dpkg', ['-S', candidate], { encoding: 'utf8', stdio: 'pipe' }).split(':')[0]!,
        );
        break;
      } catch {
        // Not of a package: Node comes from npm, the rest is ours.
      }
  const debian = [...owners].sort().map((name) => {
    const version = sh('dpkg-query', '-W', `-f=\${Version}\n`, name).split('\n')[0]!;
    return { type: 'library', name, version, purl: `pkg:deb/debian/${name}@${version}` };
  });
  const node = {
    type: 'application',
    name: 'node',
    version: process.versions.node,
    purl: `pkg:generic/node@${process.versions.node}`,
  };
  npm.components.push(node, ...debian);
  writeFileSync(join(rootfs, 'sbom.cdx.json'), JSON.stringify(npm));
}

/** Everything that the image of the server holds. `also`: programs beside it, by the path they get. */
export async function serverRootfs(
  rootfs: string,
  also: Readonly<Record<string, string>> = {},
): Promise<void> {
  nodeRootfs(rootfs);
  git(rootfs);
  for (const [as, file] of Object.entries(also)) {
    mkdirSync(dirname(join(rootfs, as)), { recursive: true });
    cpSync(file, join(rootfs, as));
  }
  const app = join(rootfs, 'app');
  // The thread that reads the ledger is begun from a file of its own.
  await bundle(ENTRIES, join(app, 'dist'));
  for (const folder of ['policy', 'examples', 'schema', 'console/dist'])
    cpSync(join(root, folder), join(app, folder), { recursive: true });
  cpSync(join(root, 'LICENSE'), join(app, 'LICENSE'));
  billOfMaterials(rootfs);
}

/** A folder as a layer: the same files give the same bytes. */
export function layerOf(folder: string, tar: string): void {
  sh(
    'tar',
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--format=gnu',
    '-cf',
    tar,
    '-C',
    folder,
    '.',
  );
}

export interface ImageSpec {
  /** Full name, as a container runtime knows it. */
  readonly name: string;
  readonly config: {
    readonly entrypoint: readonly string[];
    readonly cmd?: readonly string[];
    readonly env?: readonly string[];
    readonly user?: string;
    readonly workdir?: string;
  };
  readonly layers: readonly string[];
}

const ARCH = { x64: 'amd64', arm64: 'arm64' }[process.arch as 'x64' | 'arm64'];
const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');

/** One OCI archive with any number of images. Gives the digest of each, by name. */
export function ociArchive(images: readonly ImageSpec[], tar: string): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-oci-'));
  const blobs = join(folder, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (data: Buffer | string): { digest: string; size: number } => {
    const hex = sha256(data);
    writeFileSync(join(blobs, hex), data);
    return { digest: `sha256:${hex}`, size: Buffer.byteLength(data) };
  };
  const layers = new Map(
    [...new Set(images.flatMap((i) => i.layers))].map((file) => [file, put(readFileSync(file))]),
  );
  const digests = new Map<string, string>();
  const manifests = images.map(({ name, config, layers: mine }) => {
    const of = mine.map((file) => layers.get(file)!);
    const described = put(
      JSON.stringify({
        architecture: ARCH,
        os: 'linux',
        created: '1970-01-01T00:00:00Z',
        config: {
          Entrypoint: config.entrypoint,
          Cmd: config.cmd ?? [],
          Env: ['PATH=/usr/bin', 'HOME=/tmp', ...(config.env ?? [])],
          User: config.user ?? '10001:10001',
          WorkingDir: config.workdir ?? '/',
        },
        rootfs: { type: 'layers', diff_ids: of.map((l) => l.digest) },
      }),
    );
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = put(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...described },
        layers: of.map((l) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...l })),
      }),
    );
    digests.set(name, manifest.digest);
    // Named by its digest too: that is what a pod asks for.
    const base = name.replace(/:[^:/]*$/, '');
    return [name, `${base}@${manifest.digest}`].map((known) => ({
      mediaType,
      ...manifest,
      annotations: { 'io.containerd.image.name': known, 'org.opencontainers.image.ref.name': known },
    }));
  });
  writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(
    join(folder, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: manifests.flat() }),
  );
  layerOf(folder, tar);
  rmSync(folder, { recursive: true, force: true });
  return digests;
}

export const SERVER_CONFIG: ImageSpec['config'] = {
  entrypoint: ['/usr/bin/node', '/app/dist/main.mjs'],
  cmd: ['--help'],
  workdir: '/work',
};

/** The server's image as an OCI archive, its bill of materials beside it if asked for. Gives its name with its digest. */
export async function serverImage(target: string, bill?: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-image-'));
  try {
    await serverRootfs(join(folder, 'rootfs'));
    if (bill) cpSync(join(folder, 'rootfs/sbom.cdx.json'), bill);
    layerOf(join(folder, 'rootfs'), join(folder, 'layer.tar'));
    const name = 'sluice.invalid/sluice:0.1.0';
    const layers = [join(folder, 'layer.tar')];
    const digests = ociArchive([{ name, config: SERVER_CONFIG, layers }], target);
    return `${name}@${digests.get(name)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main([what, target]: string[]): Promise<number> {
  if ((what !== 'rootfs' && what !== 'tar') || !target) {
    process.stderr.write('usage: npm run image -- rootfs FOLDER | tar FILE\n');
    return 2;
  }
  if (process.platform !== 'linux') {
    process.stderr.write('an image is packed on Linux: it takes Node, git and their libraries from there\n');
    return 3;
  }
  if (what === 'rootfs') {
    if (existsSync(target) && lstatSync(target).isDirectory()) rmSync(target, { recursive: true });
    await serverRootfs(target);
    return 0;
  }
  process.stdout.write(`${await serverImage(target)}\n`);
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
