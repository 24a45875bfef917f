/** A real Chromium, as the system has it: tests bring none along. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const USUAL_PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const executablePath = [process.env['CHROMIUM'], ...USUAL_PLACES].find(
  (path) => path !== undefined && existsSync(path),
)

/** Why tests of a browser are skipped here; `undefined` where there is one. */
export const chromiumMissing =
  executablePath === undefined
    ? 'no Chromium found: install the package "chromium", or say in CHROMIUM where it is'
    : undefined

/** Popups are blocked as a user's browser blocks them: without a click there is none. */
export function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error(chromiumMissing)
  return chromium.launch({
    executablePath,
    ignoreDefaultArgs: ['--disable-popup-blocking'],
    // Its sandbox needs a user of its own.
    chromiumSandbox: process.getuid?.() !== 0,
  })
}
