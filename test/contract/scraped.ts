import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../src/io/ports.ts';
import { prometheusHttp } from '../../src/runtime/adapters/prometheus/http.ts';
import { temporaryFolder } from '../folder.ts';
import { patiently, until } from '../wait.ts';

/** A service on loopback and a real Prometheus that scrapes it. */
interface Scraped {
  /** Of Prometheus. */
  readonly address: string;
  /** Ends the service, and waits until Prometheus has missed a scrape of every job. */
  silence(): Promise<void>;
  stop(): void;
}

const serviceOf = async (exposed: (scrape: number) => string): Promise<Server> => {
  let scrapes = 0;
  const service = createServer((_request, response) => {
    scrapes++;
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(exposed(scrapes));
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  return service;
};

/**
 * Starts both, and waits until every job has scraped the service four times. `exposed` says what the service answers,
 * by the number of the scrape, from 1.
 */
export async function startScraped(
  program: string,
  jobs: readonly string[],
  exposed: (scrape: number) => string,
): Promise<Scraped> {
  const service = await serviceOf(exposed);
  const target = `127.0.0.1:${(service.address() as AddressInfo).port}`;
  const directory = temporaryFolder('scraped');
  mkdirSync(join(directory, 'tsdb'));
  const scraping = jobs.map(
    (name) => `  - { job_name: ${name}, static_configs: [{ targets: ['${target}'] }] }\n`,
  );
  writeFileSync(
    join(directory, 'prometheus.yml'),
    `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n${scraping.join('')}`,
  );
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const prometheus: ChildProcess = spawn(
    program,
    [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const metrics = prometheusHttp({ address, timeoutMs: patiently(5_000), headers: {}, tls: null });
  const says = (what: string, query: string) =>
    until(what, 60_000, async () => {
      const seen = await metrics.instant(query, Date.now());
      return seen.ok && seen.value.length > 0;
    });
  await says(
    'four scrapes of every job',
    `min(count_over_time(up[1h])) >= 4 and count(up) == ${jobs.length}`,
  );
  return {
    address,
    async silence() {
      service.close();
      service.closeAllConnections();
      await says('a missed scrape of every job', 'max(up) == 0');
    },
    stop() {
      void metrics.close();
      prometheus.kill();
      service.close();
    },
  };
}
