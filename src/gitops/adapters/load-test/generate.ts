import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeAtomic } from '../../../io/files.ts';
import { LONGEST_LOAD_MS, type LoadPlan } from '../../load.ts';
import { startTraffic } from './open-loop.ts';
import { type LoadAnswer, summarise } from './summary.ts';

const MAX_KEPT = 500_000;

/** Our own generator, where k6 is not at hand: an open loop too. A process of its own, as k6 is. */
function main(): void {
  const { values: args } = parseArgs({ options: { plan: { type: 'string' }, summary: { type: 'string' } } });
  const plan = JSON.parse(readFileSync(args.plan ?? '', 'utf8')) as LoadPlan;
  const addresses = JSON.parse(process.env['SLUICE_TARGETS'] ?? '{}') as Record<string, string>;
  const asked: LoadAnswer[] = [];
  const urlOf = (t: LoadPlan['targets'][number]) => `${addresses[t.service]}${t.path}`;
  const services = new Map(plan.targets.map((t) => [urlOf(t), t.service]));
  const traffic = startTraffic({
    targets: plan.targets.map((t) => ({ url: urlOf(t), rps: t.rps })),
    onAnswer: ({ url, status, ms }) => {
      // Redirects are answers, as k6 takes them; nothing at all is a failure.
      const failed = status === 0 || status >= 400;
      if (asked.length < MAX_KEPT) asked.push({ service: services.get(url) ?? '', failed, ms });
    },
  });
  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await traffic.stop();
    writeAtomic(args.summary ?? '', JSON.stringify(summarise(asked, plan)));
    process.exit(0);
  };
  setTimeout(() => void end(), plan.durationMs ?? LONGEST_LOAD_MS);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end());
}

main();
