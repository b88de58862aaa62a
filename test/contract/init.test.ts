import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../cli/run.ts';
import { temporaryFolder } from '../folder.ts';
import { prometheusPrograms } from '../programs.ts';
import { startScraped } from './scraped.ts';

/** A histogram whose buckets hold these shares of all. */
const buckets = (
  name: string,
  labels: string,
  all: number,
  shares: Readonly<Record<string, number>>,
): string[] => [
  `# TYPE ${name} histogram`,
  ...Object.entries(shares).map(
    ([le, share]) => `${name}_bucket{${labels},le="${le}"} ${Math.round(all * share)}`,
  ),
  `${name}_bucket{${labels},le="+Inf"} ${all}`,
  `${name}_sum{${labels}} ${all}`,
  `${name}_count{${labels}} ${all}`,
];

/** Services as their libraries expose them; counters grow with every scrape. */
function exposed(scrape: number): string {
  const n = scrape * 10_000;
  return `${[
    '# TYPE http_requests_total counter',
    `http_requests_total{service="checkout",revision="a1",code="200",method="GET"} ${n}`,
    `http_requests_total{service="checkout",revision="a1",code="503",method="GET"} ${scrape * 3}`,
    ...buckets('http_request_duration_seconds', 'service="checkout",revision="a1",method="GET"', n, {
      '0.1': 0.8,
      '0.25': 0.995,
      '1.0': 1,
    }),
    ...buckets('http_server_requests_seconds', 'application="orders",status="200",uri="/orders"', n, {
      '0.5': 0.9,
    }),
    '# TYPE grpc_server_handled_total counter',
    `grpc_server_handled_total{app="payment",grpc_code="OK",grpc_method="Pay"} ${n}`,
    `grpc_server_handled_total{app="payment",grpc_code="Internal",grpc_method="Pay"} ${scrape * 200}`,
    ...buckets(
      'http_server_request_duration_seconds',
      'service_name="catalog",http_response_status_code="200"',
      n,
      {
        '0.5': 1,
      },
    ),
    '# TYPE queue_length gauge',
    'queue_length{service="mailer"} 3',
  ].join('\n')}\n`;
}

describe.each(prometheusPrograms())('sluice init with Prometheus %s', (_, program) => {
  let address = '';
  let scraped: Awaited<ReturnType<typeof startScraped>>;

  beforeAll(async () => {
    scraped = await startScraped(program, ['all'], exposed);
    address = scraped.address;
  });
  afterAll(() => scraped.stop());

  /** Writes a declaration, and gives its objectives; it must be accepted by all that read it. */
  async function inited(...args: string[]) {
    const cwd = temporaryFolder('init');
    const made = await runCli(['init', 'mine', '--prometheus', address, ...args], { cwd });
    expect(made).toMatchObject({ exit: 0, err: '' });
    const text = readFileSync(join(cwd, 'mine/slos.yaml'), 'utf8');
    const live = await runCli(['validate', 'mine', '--prometheus', address], { cwd });
    expect([live.exit, live.out]).toEqual([0, expect.stringMatching(/^valid/)]);
    const env = { PATH: process.env['PATH'] };
    expect((await runCli(['render', 'mine', '--out', 'rendered'], { cwd, env })).exit).toBe(0);
    return { cwd, text, out: made.out };
  }

  it('CLI-48: HTTP by a client library: what the last hour kept becomes the target, and promtool takes the rules', async () => {
    const { cwd, text, out } = await inited('--service', 'checkout', '--namespace', 'shop');
    expect(text).toContain(`query: 'http_requests_total{service="checkout",code!~"5.."}'`);
    expect(text).toContain(`query: 'http_request_duration_seconds_bucket{service="checkout",le="0.25"}'`);
    expect(text).toContain('# In the last hour 99.97% of them were good.');
    expect(out).toMatch(/latency +99% +within 0\.25 s +99\.5%/);
    expect(readFileSync(join(cwd, 'mine/platform.yaml'), 'utf8')).toMatch(
      /mode: observe[\s\S]*revisionLabel: revision\n/,
    );
    const rules = join(cwd, 'rendered/prod/prometheus/rules.yml');
    expect((await execa('promtool', ['check', 'rules', rules])).stdout).toContain('SUCCESS');
  });

  it('CLI-48: gRPC, Spring and OpenTelemetry, each by the label that names it', async () => {
    const grpc = await inited('--service', 'payment');
    expect(grpc.text).toContain('grpc_server_handled_total{app="payment",grpc_code!~"Unknown|');
    expect(grpc.text).toContain('target: 0.95');
    expect(existsSync(join(grpc.cwd, 'mine/platform.yaml'))).toBe(false);
    const spring = await inited('--service', 'orders');
    expect(spring.text).toContain('http_server_requests_seconds_count{application="orders",status!~"5.."}');
    expect(spring.text).toContain('below the target');
    const otel = await inited('--service', 'catalog', '--label', 'service_name');
    expect(otel.text).toContain(
      'http_server_request_duration_seconds_bucket{service_name="catalog",le="0.5"}',
    );
  });

  it('CLI-49: on a terminal it asks, and says which services there are', async () => {
    const cwd = temporaryFolder('init');
    const typed = Readable.from([`${address}\n`, 'checkout\n', '\n']);
    const asked = await runCli(['init'], { cwd, inTty: true, input: () => typed });
    expect(asked).toMatchObject({ exit: 0, out: expect.stringContaining('Wrote slos.yaml to .') });
    expect(asked.err).toContain('Address of Prometheus (empty: none): ');
    expect(asked.err).toContain('Service (');
    expect(asked.err).toMatch(/Service \([^)]*catalog, checkout, [^)]*\): /);
  });

  it('CLI-49: a service that is not there is told the nearest one, and nothing is written', async () => {
    const cwd = temporaryFolder('init');
    const wrong = await runCli(['init', '--service', 'chekout', '--prometheus', address], { cwd });
    expect(wrong).toMatchObject({ exit: 1, err: expect.stringContaining('did you mean "checkout"?') });
    expect(existsSync(join(cwd, 'slos.yaml'))).toBe(false);
  });
});

describe('sluice init without a Prometheus', () => {
  it('CLI-47: it writes an example of one objective that validates, and says what to replace', async () => {
    const cwd = temporaryFolder('init');
    const made = await runCli(['init', '--service', 'Check Out', '--label', 'app'], { cwd });
    expect(made).toMatchObject({ exit: 0, out: expect.stringContaining('replace the example metric') });
    expect(readFileSync(join(cwd, 'slos.yaml'), 'utf8')).toContain(
      'http_requests_total{app="Check Out",code!~"5.."}',
    );
    expect((await runCli(['validate'], { cwd })).exit).toBe(0);
    expect(await runCli(['init', '--service', 'x'], { cwd })).toMatchObject({
      exit: 1,
      err: expect.stringContaining('nothing was written'),
    });
  });

  it.each([
    [['init'], 2, /NO_SERVICE[\s\S]*--service checkout/],
    [['init', '--service', 'a', '--prometheus', 'nowhere'], 2, /BAD_PROMETHEUS/],
    [['init', '--service', 'a', '--prometheus', 'http://127.0.0.1:9'], 3, /SOURCE_UNAVAILABLE[\s\S]*Next: /],
    [['init', '--example', 'shopp'], 2, /shop/],
  ] as const)('CLI-49: %j says what to do', async (args, exit, said) => {
    const answer = await runCli(args, { cwd: temporaryFolder('init') });
    expect(answer).toMatchObject({ exit, err: expect.stringMatching(said) });
  });
});
