import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { databaseTests } from './scripts/database-tests.ts'

const HANG_MS = 600_000
const TEST_FILES = [
  'packages/*/{src,test,bin}/**/*.test.ts',
  'scripts/**/*.test.ts',
  'bench/**/*.test.ts',
  'campaigns/**/*.test.ts',
]

// As scripts/bootstrap.mjs sets it: what one process of a test has compiled is used by the next.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/node')

export default defineConfig({
  test: {
    // On PostgreSQL only what would do something else there.
    include: process.env.TEST_DATABASE_URL ? databaseTests(import.meta.dirname, TEST_FILES) : TEST_FILES,
    globalSetup: 'scripts/test-directory.ts',
    setupFiles: 'scripts/test-leavings.ts',
    // Modules are loaded by Node, as users load them, and once for all files of a worker: loading the server costs a second.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    isolate: false,
    // Compiling the embedded database's largest functions a second time, optimised, costs 500 MB and more than it saves.
    execArgv: ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'],
    // Half of the time a file waits: for processes, for the disk, for timers.
    maxWorkers: 2 * availableParallelism(),
    // Nothing is asserted about how long anything takes. These only end what hangs, also on a slow machine that does much else.
    testTimeout: HANG_MS,
    hookTimeout: HANG_MS,
    teardownTimeout: HANG_MS,
    expect: { poll: { timeout: HANG_MS / 2 } },
  },
})
