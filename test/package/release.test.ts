import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { changesOf, obstacles, versionsIn } from '../../scripts/package/version.mjs';

const ROOT = join(import.meta.dirname, '../..');
const here = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const versions = [...versionsIn(here).values()];

describe('a version', () => {
  it('PACK-5: every file that names the version names the same', () => {
    expect(versions).toHaveLength(4);
    expect(new Set(versions).size).toBe(1);
    expect(versions[0]).toMatch(/^\d+\.\d+\.\d+/);
    expect(obstacles(versions[0]!, here)).toEqual([]);
  });

  it('PACK-5: a version that files do not name, or that has no changes, is refused with what to write', () => {
    expect(obstacles('9.9.9', here)).toEqual([
      expect.stringMatching(/^package.json says .*: write 9.9.9 there$/),
      expect.stringMatching(/^src\/main.ts says/),
      expect.stringMatching(/^charts\/sluice\/Chart.yaml says/),
      expect.stringMatching(/^charts\/service\/Chart.yaml says/),
      'CHANGELOG.md has no section “## 9.9.9”: write what changed',
    ]);
  });

  it('PACK-5: the changes of a version are those of its own section', () => {
    const changelog =
      '# Changelog\n\n## 1.2.0 (2031-01-01)\n\n- new\n\n## 1.2\n\n- other\n\n## 1.1.0\n\n- old\n';
    expect(changesOf('1.2.0', changelog)).toBe('## 1.2.0 (2031-01-01)\n\n- new\n');
    expect(changesOf('1.1.0', changelog)).toBe('## 1.1.0\n\n- old\n');
    expect(changesOf('1.1', changelog)).toBeNull();
  });
});
