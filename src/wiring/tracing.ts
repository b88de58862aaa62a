import { type Tracing, UNTRACED } from '../controller/flow/tracing.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { Env } from './context.ts';

interface OpenTracing {
  readonly tracing: Tracing;
  /** Sends what is left. */
  close(): Promise<void>;
}

const NONE: OpenTracing = { tracing: UNTRACED, close: async () => {} };

/** Where traces go, by the variables that every OpenTelemetry tool knows; null: nobody asked for them. */
function endpointIn(env: Env): { readonly name: string; readonly text: string } | null {
  if (env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return null;
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  if (own) return { name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', text: own };
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (!base) return null;
  return { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', text: `${base.replace(/\/+$/, '')}/v1/traces` };
}

/** Traces, where the environment names a collector; otherwise nothing is loaded. */
export async function openTracing(
  env: Env,
  warn: (details: object, message: string) => void,
): Promise<Result<OpenTracing, string>> {
  const endpoint = endpointIn(env);
  if (!endpoint) return ok(NONE);
  const { name, text } = endpoint;
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    return fail(`${name} is not an address: give one such as http://otel-collector:4318`);
  const { createTracing } = await import('../controller/adapters/otlp/tracing.ts');
  const service = env['OTEL_SERVICE_NAME'] || 'sluice';
  return ok(createTracing({ url: text, service, warn }));
}
