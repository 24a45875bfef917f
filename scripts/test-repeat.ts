/** `npm run test:repeat [-- TIMES]`: the whole suite again and again (ten times by default); the first failure ends it. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const DEFAULT_TIMES = 10

const times = Number(process.argv[2] ?? DEFAULT_TIMES)
if (!Number.isSafeInteger(times) || times < 1) {
  process.stderr.write('usage: npm run test:repeat [-- TIMES], TIMES being a whole number from 1\n')
  process.exit(2)
}
const vitest = join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs')
for (let round = 1; round <= times; round++) {
  process.stderr.write(`\nround ${round} of ${times}\n`)
  const { status, signal } = spawnSync(process.execPath, [vitest, 'run'], { stdio: 'inherit' })
  if (status !== 0) {
    process.stderr.write(`round ${round} of ${times} failed (${status ?? signal})\n`)
    process.exit(1)
  }
}
process.stderr.write(`${times} rounds passed\n`)
