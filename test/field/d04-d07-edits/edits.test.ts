import { describe, expect, it } from 'vitest';
import { parseDesired, withArtefact } from '../../../src/gitops/desired.ts';
import { digest } from '../cluster/objects.ts';

/**
 * A revert over `version: &build 1.4` with `release: *build` below (kargo#6692), a promotion over `digest: >-`, and
 * values that nobody knew (argo-rollouts#2669): values were written anew without their anchors, YAML was broken, and
 * `values: {}` was proposed (Sluice at dc1fc67).
 */
const FILE = `# orders in prod
service: orders
version: &build 1.4.0 # what runs
digest: >-
  ${digest('b')}
# kept by the team
values:
  release: *build
  replicas: 4 # more on Fridays
  env:
    - { name: MODE, value: "on" }
    - { name: LEVEL, value: 'it''s loud' }
  notes: |
    first line
    second line
  limits: &limits
    cpu: 500m
    memory: 256Mi
  sidecar: *limits
`;
const read = (text: string) => {
  const parsed = parseDesired('f', text, 'orders');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};
const lines = (text: string) => text.split('\n');
/** Lines that are not in the other text any more, and what stands there instead. */
const changed = (before: string, after: string) =>
  lines(after).filter((line) => !lines(before).includes(line));

describe('d04, d07: files of the desired state are edited, not written anew', () => {
  it('FIELD-32: another artefact changes two lines; anchor, alias, comments, order and block stay', () => {
    const after = withArtefact(FILE, 'orders', { version: '1.5.0', digest: digest('c') });
    expect(changed(FILE, after)).toEqual(['version: &build 1.5.0 # what runs', `  ${digest('c')}`]);
    expect(lines(after)).toHaveLength(lines(FILE).length);
    expect(read(after).config['release']).toBe('1.5.0');
  });

  it('EDIT-2: a revert with its configuration touches the values that differ, and nothing else', () => {
    const good = read(FILE);
    const bad = withArtefact(FILE, 'orders', { version: '1.5.0', digest: digest('c') })
      .replace('replicas: 4', 'replicas: 9')
      .replace('value: "on"', 'value: "off"')
      .replace('cpu: 500m', 'cpu: 100m');
    const { version, digest: was, config } = good;
    expect(withArtefact(bad, 'orders', { version, digest: was, config })).toBe(FILE);
  });

  it('EDIT-2: values that came are cut, values that went come back, comments beside them stay', () => {
    const { version, digest: was, config } = read(FILE);
    const bad = FILE.replace('  replicas: 4 # more on Fridays\n', '').replace(
      '  notes: |',
      '  debug: true # for now\n  extra:\n    a: 1\n  notes: |',
    );
    const after = withArtefact(bad, 'orders', { version, digest: was, config });
    expect(read(after).config).toEqual(config);
    expect(after).toContain('release: *build');
    expect(after).toContain('sidecar: *limits');
    expect(after).toContain('# kept by the team');
    expect(after).not.toContain('debug');
    expect(changed(FILE, after)).toEqual(['  replicas: 4']);
  });

  it('EDIT-3: where the configuration is not known nothing of it is touched', () => {
    const after = withArtefact(FILE, 'orders', { version: '1.3.0', digest: digest('a') });
    expect(after.slice(after.indexOf('# kept'))).toBe(FILE.slice(FILE.indexOf('# kept')));
  });

  it.each([
    ['Windows line ends', FILE.replaceAll('\n', '\r\n')],
    [
      'an artefact by alias',
      FILE.replace('version: &build 1.4.0', 'version: *v').replace('service:', 'x-v: &v 1.4.0\nservice:'),
    ],
    [
      'flow values',
      FILE.replace(/values:[\s\S]*$/, 'values: { replicas: 4, a: { b: [1, 2] } } # one line\n'),
    ],
    ['no last line end', FILE.trimEnd()],
    ['quoted', FILE.replace('&build 1.4.0', '&build "1.4.0"')],
    ['a literal block', FILE.replace('>-', '|-')],
  ])('EDIT-4: %s: what is written is what is meant', (name, text) => {
    const parsed = parseDesired('f', text, 'orders');
    if (name === 'an artefact by alias') return expect(parsed.ok).toBe(false);
    const after = withArtefact(text, 'orders', { version: '2.0.0', digest: digest('d') });
    expect(read(after)).toMatchObject({ version: '2.0.0', digest: digest('d') });
    const back = withArtefact(after, 'orders', { version: '1.4.0', digest: digest('b') });
    return expect(back).toBe(text);
  });
});
