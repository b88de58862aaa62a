import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A span as it was posted. */
export interface PostedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: unknown }[];
}

interface Posted {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: PostedSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly PostedSpan[] }[];
  }[];
}

/** What a collector of OpenTelemetry takes at `/v1/traces`, as JSON; it answers with `status`. */
export async function startCollector(status = 200) {
  const posted: Posted[] = [];
  let asked = 0;
  const server = createServer(async (request, answer) => {
    asked++;
    const body = await text(request);
    if (request.url === '/v1/traces' && status === 200) posted.push(JSON.parse(body) as Posted);
    answer.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    asked: () => asked,
    spans: (): PostedSpan[] =>
      posted.flatMap((one) => one.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans))),
    services: (): unknown[] =>
      posted.flatMap((one) =>
        one.resourceSpans.map((r) => r.resource.attributes.find(({ key }) => key === 'service.name')?.value),
      ),
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
