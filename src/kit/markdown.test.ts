import { describe, expect, it } from 'vitest';
import { inMarkdown } from './markdown.ts';

/** What a forge shows of a text, in which it looks for mentions, references and links: entities and escapes are gone. */
const shown = (text: string): string =>
  text
    .replace(/\\([\\|<>`*_~$[\]])/g, '$1')
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll('&amp;', '&');

describe('text of others in what is posted to a forge', () => {
  it.each([
    ['a mention', 'thanks @acme/owners', /@\w/],
    ['a mention by an entity', 'thanks &#64;mallory', /@\w/],
    ['a link', 'see https://evil.example/login', /https?:\/\//],
    ['a link by an entity', 'see &#104;ttps://evil.example', /https?:\/\//],
    ['a link without a scheme', 'see www.evil.example', /www\./],
    ['a link without a scheme, in capitals', 'see WWW.evil.example', /www\./i],
    ['a mail address', 'write mallory@evil.example', /@\w/],
    ['an issue that a merge closes', 'closes #12', /#\d/],
    ['an issue of another repository', 'fixes acme/shop#12', /#\d/],
    ['an issue in the older form', 'fixes GH-12', /GH-\d/i],
    ['a pull request, as Gitea writes it', 'closes !12', /!\d/],
  ])('TRUST-8: %s is none', (_, text, active) => {
    expect(shown(text)).toMatch(active);
    expect(shown(inMarkdown(text))).not.toMatch(active);
  });

  it('TRUST-8: an entity of others is the text of it, and not what it stands for', () => {
    expect(inMarkdown('&#64;mallory &lt;b&gt;')).toBe(
      '&amp;#64;mallory &amp;lt;b&amp;gt;'.replaceAll('#6', '#&#8203;6'),
    );
  });

  it('TRUST-8: nothing of it is markup, a cell, a line, an image or a formula', () => {
    const posted = inMarkdown('a | b\n# h <img src=x> ![i](x) [l](x) `c` **b** _i_ ~~s~~ $x$ \\');
    expect(posted).not.toMatch(/\n|(?<!\\)[|<>`*_~$[\]]/);
    expect(shown(posted)).toBe('a | b # h <img src=x> ![i](x) [l](x) `c` **b** _i_ ~~s~~ $x$ \\');
  });

  it('TRUST-8: what people write of versions and numbers stays as it is', () => {
    const plain = 'checkout 1.2.0-rc.1 failed in prod: 12 bad of 3000 (0.4%), by Ann; see the log.';
    expect(inMarkdown(plain)).toBe(plain);
  });
});
