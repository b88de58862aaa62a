import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { which } from '../../src/io/os.ts';
import { ROOT } from '../e2e/stage.ts';
import { patiently } from '../wait.ts';

export const SHOTS = join(ROOT, 'test/.out/screenshots');
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface OpenPage {
  readonly browser: Browser;
  readonly page: Page;
  /** What the page itself complained of. */
  readonly errors: readonly string[];
  /** A picture in light and one in dark. */
  shot(name: string): Promise<void>;
}

/** A page in the Chromium of this machine. */
export async function openPage(): Promise<OpenPage> {
  mkdirSync(SHOTS, { recursive: true });
  const program = ['chromium', 'chromium-browser', 'google-chrome']
    .map((name) => which(name, process.env))
    .find(Boolean);
  const timeout = patiently(30_000);
  const browser = await chromium.launch({ executablePath: program!, args: FLAGS, timeout });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
  page.setDefaultTimeout(timeout);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      errors.push(message.text());
  });
  return {
    browser,
    page,
    errors,
    async shot(name) {
      await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.screenshot({ path: join(SHOTS, `${name}-dark.png`), fullPage: true });
      await page.emulateMedia({ colorScheme: 'light' });
    },
  };
}
