import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPage } from '../browser/chromium.ts';
import { sweep } from '../kept/keeping.ts';
import { recordsIn, storedRows } from '../kept/rows.ts';
import { patiently } from '../wait.ts';
import type { ClusterHouse } from './harness.ts';
import { recordsOf } from './people.ts';
import { leaderToken } from './server.ts';
import { declarationOf } from './shop.ts';
import { until } from './wait.ts';

/** Many answers, again and again until no record came in between. */
const LIMIT_MS = 120_000;
/** Until a page shows what it is about; then it is opened again. */
const PAGE_MS = 60_000;

/** What is kept of a run for people: objects, the ledger, pictures and figures. */
export interface Report {
  release(name: string, service: string, environment?: string): Promise<void>;
  picture(name: string, path: string): Promise<void>;
  ledger(): Promise<void>;
  /** The ledger as it is stored, and what its server answers meanwhile: `test/kept/keep.ts` takes it from here. */
  kept(): Promise<void>;
  figure(name: string, value: number, unit: string): void;
  /** How a fault ended. */
  outcome(fault: string, outcome: string): void;
}

export function openReport(house: ClusterHouse, folder: string): Report {
  mkdirSync(folder, { recursive: true });
  const figures: Record<string, string> = {};
  const outcomes: Record<string, string> = {};
  const picture = async (name: string, path: string) => {
    const { browser, page } = await openPage();
    try {
      // Others reach this server, so that it is read by whoever is signed in; while one takes over, nobody can be.
      await until('a page for whoever is signed in', LIMIT_MS, async () => {
        await page.goto(`${house.at.sluice}/auth/login?return=${encodeURIComponent(path)}`);
        if (!(await page.getByLabel('Token').isVisible())) return false;
        await page.getByLabel('Token').fill(leaderToken(house.machine));
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page
          .getByText('checkout')
          .first()
          .waitFor({ timeout: patiently(PAGE_MS) });
        return true;
      });
      await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    } finally {
      await browser.close();
    }
  };
  return {
    picture,
    async release(name, service, environment = 'prod') {
      const kinds = 'rollouts,replicasets,analysisruns,pods,ingresses';
      const objects = [...new Set(['dev', 'stage', 'prod', environment])].map(
        (n) =>
          `# ${n}\n${house.kubectl('get', kinds, '-n', n, '-l', `app.kubernetes.io/name=${service}`, '-o', 'wide')}`,
      );
      const applications = house.kubectl('get', 'applications', '-n', 'argocd');
      writeFileSync(
        join(folder, `${name}-kubectl-get.txt`),
        [...objects, `# argocd\n${applications}`].join('\n'),
      );
      const records = await recordsOf(house, `${service}/${environment}`);
      writeFileSync(join(folder, `${name}-ledger.json`), JSON.stringify(records, null, 1));
      await picture(name, '/');
      const opened = records.filter((r) => r.type === 'release.opened').at(-1);
      if (opened) await picture(`${name}-release`, `/releases/${String(opened.data['release'])}`);
    },
    async ledger() {
      writeFileSync(join(folder, 'ledger.json'), JSON.stringify(await recordsOf(house)));
    },
    async kept() {
      const into = join(folder, 'kept');
      mkdirSync(join(into, 'declaration'), { recursive: true });
      for (const { file, text } of declarationOf(house.at))
        writeFileSync(join(into, 'declaration', file), text);
      const server = { url: house.at.sluice, token: leaderToken(house.machine) };
      await until('answers between two records', LIMIT_MS, async () => {
        const rows = await storedRows(house.postgres.query);
        const live = await sweep(server, recordsIn(rows));
        if (!live) return false;
        writeFileSync(join(into, 'live.json'), JSON.stringify(live));
        writeFileSync(join(into, 'rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
        return true;
      });
    },
    outcome(fault, outcome) {
      outcomes[fault] = outcome;
      writeFileSync(join(folder, 'faults.json'), JSON.stringify(outcomes, null, 1));
    },
    figure(name, value, unit) {
      figures[name] = `${Math.round(value * 10) / 10} ${unit}`;
      process.stderr.write(`cluster: ${name}: ${figures[name]}\n`);
      writeFileSync(join(folder, 'figures.json'), JSON.stringify(figures, null, 1));
    },
  };
}
