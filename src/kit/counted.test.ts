import { expect, it } from 'vitest';
import { counted } from './counted.ts';

it.each([
  [0, 'service', undefined, '0 services'],
  [1, 'service', undefined, '1 service'],
  [2, 'service', undefined, '2 services'],
  [1, 'lane is', 'lanes are', '1 lane is'],
  [3, 'lane is', 'lanes are', '3 lanes are'],
] as const)('KIT-13: %i %s', (count, one, many, expected) =>
  expect(counted(count, one, many)).toBe(expected),
);
