import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/**
 * Whether there is a browser to test with. Says so where there is none, and refuses to skip where
 * `CI` is set: there, a missing browser is a fault.
 */
export function browserInstalled(): boolean {
  if (existsSync(executablePath)) return true;
  const missing = `no ${executablePath} (apt-get install chromium)`;
  if (process.env['CI']) throw new Error(`Browser tests cannot run: ${missing}`);
  process.stderr.write(`Browser tests are skipped: ${missing}\n`);
  return false;
}

/** A headless Chromium with an empty profile, to which only loopback addresses exist. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      // Without it, Chromium as root does not start.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
}
