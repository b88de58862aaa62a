import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandsBelow, wholeCommandLine } from '../../scripts/site/commands.ts';
import { generatedPages } from '../../scripts/site/pages.ts';
import { EXAMPLES } from '../../src/cli/examples.ts';
import { matchGolden } from '../golden/golden.ts';
import { ROOT } from './pages.ts';

const generated = await generatedPages();

describe('generated pages of the documentation', () => {
  it.each([...generated.keys()])('SITE-5: %s is as its source says', (file) =>
    matchGolden(join(ROOT, file), generated.get(file)!),
  );

  it('SITE-5: no element of a drawing has an attribute twice: browsers show none of it', () => {
    const elements = [...generated].flatMap(([file, text]) =>
      file.endsWith('.svg') ? [...text.matchAll(/<\w+((?: [\w-]+="[^"]*")*)/g)].map(([whole]) => whole) : [],
    );
    const twice = elements.filter((element) => {
      const names = [...element.matchAll(/ ([\w-]+)="/g)].map(([, name]) => name);
      return new Set(names).size < names.length;
    });
    expect(elements.length).toBeGreaterThan(100);
    expect(twice).toEqual([]);
  });

  it('SITE-6: every command, argument and option is described', async () => {
    const all = commandsBelow(await wholeCommandLine()).slice(1);
    const undescribed = all.flatMap(({ path, command }) => [
      ...(command.description() ? [] : [path]),
      ...command.registeredArguments.filter((a) => !a.description).map((a) => `${path} <${a.name()}>`),
      ...command.options.filter((o) => !o.description).map((o) => `${path} ${o.flags}`),
    ]);
    expect(all.length).toBeGreaterThan(30);
    expect(undescribed).toEqual([]);
    const names = all.map(({ path }) => path.replace(/^sluice /, ''));
    expect(Object.keys(EXAMPLES).filter((name) => !names.includes(name))).toEqual([]);
  });
});
