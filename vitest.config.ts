import { defineConfig } from 'vitest/config';

/**
 * Nothing takes so long: what a test waits for has a limit of its own (test/wait.ts), which says what did not come.
 * These only end a test that hangs. No test has a shorter one (SUITE-3).
 */
const HUNG_MS = 45 * 60_000;

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'shop/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: HUNG_MS,
    hookTimeout: HUNG_MS,
    teardownTimeout: HUNG_MS,
    pool: 'forks',
    maxWorkers: 2,
    env: { TZ: 'UTC' },
  },
});
