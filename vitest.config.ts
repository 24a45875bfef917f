import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const HANG_MS = 600_000

export default defineConfig({
  // Vite prefers graphql's ES modules and Node its CommonJS ones; two copies refuse each other's schemas.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: [
      'packages/*/{src,test,bin}/**/*.test.ts',
      'scripts/**/*.test.ts',
      'bench/**/*.test.ts',
      'campaigns/**/*.test.ts',
    ],
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
