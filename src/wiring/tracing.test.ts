import { describe, expect, it } from 'vitest';
import { UNTRACED } from '../controller/flow/tracing.ts';
import { openTracing } from './tracing.ts';

const BASE = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9/' };

describe('whether there are traces', () => {
  const open = (env: Record<string, string>) => openTracing(env, () => undefined);

  it.each<[string, Record<string, string>, boolean]>([
    ['nothing is set', {}, false],
    ['a collector', BASE, true],
    [
      'a collector of traces alone',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.invalid/v1/traces' },
      true,
    ],
    ['switched off', { ...BASE, OTEL_SDK_DISABLED: 'true' }, false],
    ['no traces', { ...BASE, OTEL_TRACES_EXPORTER: 'none' }, false],
  ])('TRACE-5: off unless a collector is named: %s', async (_, env, traced) => {
    const opened = await open(env);
    if (!opened.ok) throw new Error(opened.error);
    expect(opened.value.tracing !== UNTRACED).toBe(traced);
    await opened.value.close();
  });

  it.each(['collector:4318', 'file:///tmp/x', 'http://'])(
    'TRACE-6: what is no address ends the start, and says which variable: %s',
    async (text) => {
      const opened = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: text });
      expect(opened).toEqual({
        ok: false,
        error: 'OTEL_EXPORTER_OTLP_ENDPOINT is not an address: give one such as http://otel-collector:4318',
      });
    },
  );
});
