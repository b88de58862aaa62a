import fc from 'fast-check';
import { expect, it } from 'vitest';
import { linksOf } from './links.ts';

const LOGS = { name: 'Logs', url: 'https://logs.example/{service}?env={environment}' };
const COMMIT = { name: 'Image', url: 'https://registry.example/{service}@{digest}' };
const facts = { service: 'checkout', environment: 'prod' };

it('LINK-1: placeholders are filled in; a link that needs what is not known is left out', () => {
  expect(linksOf([LOGS, COMMIT], facts)).toEqual([
    { name: 'Logs', url: 'https://logs.example/checkout?env=prod' },
  ]);
  expect(linksOf([COMMIT], { ...facts, digest: 'sha256:a' })[0]!.url).toBe(
    'https://registry.example/checkout@sha256%3Aa',
  );
});

it('LINK-1: whatever a value is, it stays within its place of the address', () =>
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (version) => {
      const [link] = linksOf([{ name: 'V', url: 'https://v.example/{version}/end' }], { ...facts, version });
      const url = new URL(link!.url);
      expect(url.host).toBe('v.example');
      expect(url.search + url.hash).toBe('');
    }),
  ));
