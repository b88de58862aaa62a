import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVER_CONFIG, serverRootfs } from '../../scripts/image.ts';
import { freePort } from '../../src/io/ports.ts';
import { until } from '../wait.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What goes into the image, started from where it lies: without this checkout and its packages. */
describe.skipIf(process.platform !== 'linux')('the image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-image-test-'));
  const rootfs = join(folder, 'rootfs');
  const at = (path: string) => join(rootfs, path);
  const run = (...args: string[]) =>
    spawnSync(at('usr/bin/node'), [at('app/dist/main.mjs'), ...args], { encoding: 'utf8', cwd: folder });
  beforeAll(() => serverRootfs(rootfs));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('IMAGE-1: its bundle says its version, and validates what it is given', () => {
    expect(run('--version').stdout.trim()).toBe('0.1.0');
    const validated = run('validate', at('app/examples/shop'));
    expect(validated.stdout + validated.stderr).toContain('shop');
    expect(validated.status).toBe(0);
  });

  it('IMAGE-2: it serves: console, policy and Git are in it', async () => {
    const port = await freePort();
    const declaration = join(folder, 'declaration');
    execFileSync('cp', ['-r', at('app/examples/shop'), declaration]);
    const child = spawn(
      at('usr/bin/node'),
      [at('app/dist/main.mjs'), 'serve', declaration, '--work', join(folder, 'work'), '--port', String(port)],
      { cwd: folder, env: { PATH: `${at('usr/bin')}:/usr/sbin:/usr/bin`, HOME: folder }, stdio: 'ignore' },
    );
    try {
      const page = await until('the console', 60_000, async () => {
        const answer = await request(`http://127.0.0.1:${port}/`);
        const text = await answer.body.text();
        return answer.statusCode === 200 && text;
      });
      expect(page).toContain('<div id="root">');
      // The thread that reads the ledger is in it, too.
      const verified = await request(`http://127.0.0.1:${port}/api/v1/ledger/verification`);
      expect(await verified.body.json()).toMatchObject({ ok: true });
    } finally {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
    }
  });

  it('IMAGE-3: no shell and no package manager; every part is on its list', () => {
    for (const path of ['bin/sh', 'usr/bin/sh', 'usr/bin/bash', 'usr/bin/npm', 'usr/bin/apt-get'])
      expect(existsSync(at(path)), path).toBe(false);
    const bill = JSON.parse(readFileSync(at('sbom.cdx.json'), 'utf8')) as {
      bomFormat: string;
      components: { name: string; version: string }[];
    };
    expect(bill.bomFormat).toBe('CycloneDX');
    const names = bill.components.map((c) => c.name);
    for (const name of ['hono', 'yaml', 'node', 'git', 'libc6']) expect(names).toContain(name);
    expect(names).not.toContain('vitest');
    expect(statSync(at('tmp')).mode & 0o7777).toBe(0o1777);
  });

  it('IMAGE-4: the Dockerfile makes the same of the same files', () => {
    const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
    expect(text).toContain(`ENTRYPOINT ${JSON.stringify(SERVER_CONFIG.entrypoint).replace(',', ', ')}`);
    expect(text).toMatch(/npm run --silent image -- rootfs \/rootfs/);
    expect(text).toMatch(/FROM scratch\nCOPY --from=build \/rootfs \//);
    expect(text).toContain('USER 10001:10001');
  });
});
