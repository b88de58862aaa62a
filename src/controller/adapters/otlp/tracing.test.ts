import { afterEach, describe, expect, it } from 'vitest';
import { type PostedSpan, startCollector } from '../../../../test/collector.ts';
import { fail, ok } from '../../../kit/result.ts';
import { counted } from '../../flow/counting.ts';
import { createRunner } from '../../flow/runner.ts';
import type { Tracing } from '../../flow/tracing.ts';
import { createTracing } from './tracing.ts';

type Collector = Awaited<ReturnType<typeof startCollector>>;

describe('traces of a server', () => {
  const cleanUp: (() => unknown)[] = [];
  afterEach(async () => {
    for (const one of cleanUp.splice(0).reverse()) await one();
  });

  async function rig(status?: number) {
    const collector = await startCollector(status);
    cleanUp.push(() => collector.stop());
    const warned: object[] = [];
    const { tracing, close } = createTracing({
      url: `${collector.address}/v1/traces`,
      service: 'sluice',
      warn: (details) => void warned.push(details),
    });
    return { collector, tracing, close, warned };
  }

  /** Names as a tree: what is within what. */
  function treeOf(collector: Collector): string[] {
    const spans = collector.spans();
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const path = (span: PostedSpan): string => {
      const parent = span.parentSpanId ? byId.get(span.parentSpanId) : undefined;
      return parent ? `${path(parent)} > ${span.name}` : span.name;
    };
    return spans.map(path).sort();
  }

  const portsOf = (tracing: Tracing) => {
    const calls = { call: () => undefined, tracing };
    return {
      prometheus: counted(
        'prometheus',
        { raw: async (whole: boolean) => (whole ? ok(1) : fail({ code: 'PARTIAL' })) },
        calls,
      ),
      ledger: counted('ledger', { append: async (_: unknown) => [] }, calls, () => ({
        subjects: ['pay/prod'],
      })),
      delivery: counted('delivery', { apply: async () => undefined }, calls),
    };
  };

  it('TRACE-1: a tick is one tree, from what was asked to what was recorded and done', async () => {
    const { collector, tracing, close } = await rig();
    const { prometheus, ledger, delivery } = portsOf(tracing);
    const runner = createRunner({ now: () => 0, warn: () => undefined, tracing });
    runner.handle('deliver', {
      timeoutMs: 60_000,
      width: 1,
      patience: { firstMs: 60_000, againMs: 60_000 },
      yields: false,
      backoff: () => ({ firstMs: 1, longestMs: 1 }),
      apply: async () => {
        await delivery.apply();
        return { done: null };
      },
      settled: async () => void (await ledger.append([])),
    });
    await tracing.span('tick', {}, async () => {
      await prometheus.raw(true);
      await ledger.append([]);
      runner.want('pay/prod', [
        {
          kind: 'deliver',
          subject: 'pay/prod',
          generation: 1,
          key: '1',
          resource: 'edge',
          urgent: false,
          target: null,
        },
      ]);
      runner.start();
      await runner.settle(60_000);
    });
    await close();
    expect(treeOf(collector)).toEqual([
      'tick',
      'tick > effect deliver',
      'tick > effect deliver > delivery apply',
      'tick > effect deliver > ledger append',
      'tick > ledger append',
      'tick > prometheus raw',
    ]);
    expect(new Set(collector.spans().map((s) => s.traceId)).size).toBe(1);
    expect(collector.services()).toEqual([{ stringValue: 'sluice' }]);
    const facts = collector.spans().find((s) => s.name === 'ledger append')!.attributes;
    expect(facts).toEqual([
      { key: 'subjects', value: { arrayValue: { values: [{ stringValue: 'pay/prod' }] } } },
    ]);
  });

  it('TRACE-2: a tick that found nothing is not sent, one in which something failed is', async () => {
    const { collector, tracing, close } = await rig();
    const { prometheus } = portsOf(tracing);
    const tick = (whole: boolean) => tracing.span('tick', {}, () => prometheus.raw(whole));
    await tick(true);
    await tick(false);
    await expect(
      tracing.span('gate', {}, async () => {
        throw new Error('no file descriptors');
      }),
    ).rejects.toThrow('no file descriptors');
    await close();
    expect(treeOf(collector)).toEqual(['gate', 'tick', 'tick > prometheus raw']);
    const said = collector.spans().map(({ name, status }) => `${name}: ${status.message}`);
    expect(said.sort()).toEqual(['gate: no file descriptors', 'prometheus raw: PARTIAL', 'tick: PARTIAL']);
  });

  it('TRACE-3: an effect that outlives its tick is in the tree of the tick that began it', async () => {
    const { collector, tracing, close } = await rig();
    const { ledger } = portsOf(tracing);
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    let effect: Promise<void> = Promise.resolve();
    await tracing.span('tick', {}, async () => {
      effect = tracing.span('effect deliver', {}, async () => {
        await over;
        await ledger.append([]);
      });
    });
    end();
    await effect;
    await close();
    expect(
      collector
        .spans()
        .map((s) => s.name)
        .sort(),
    ).toEqual(['effect deliver', 'ledger append', 'tick']);
    expect(new Set(collector.spans().map((s) => s.traceId)).size).toBe(1);
  });

  it('TRACE-4: a collector that refuses is told of once, and changes nothing of what is traced', async () => {
    const { collector, tracing, close, warned } = await rig(400);
    const { ledger } = portsOf(tracing);
    expect(await tracing.span('tick', {}, () => ledger.append([]))).toEqual([]);
    await close();
    expect(collector.asked()).toBe(1);
    expect(warned).toMatchObject([{ url: `${collector.address}/v1/traces` }]);
  });
});
