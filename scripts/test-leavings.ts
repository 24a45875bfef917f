/** Before and after each file of tests: files share a process, so each has to leave it as it found it. */
import { afterAll, expect, vi } from 'vitest'
import { openDatabases } from '../packages/server/test/open-databases.ts'

const environment = { ...process.env }
const directory = process.cwd()

// Set-up is run first, and what it asks for last.
afterAll(async () => {
  const forgotten = [...openDatabases]
  await Promise.all(forgotten.map((database) => database.drop()))
  expect(forgotten.length, 'test databases left open: call drop() in afterAll').toBe(0)
  expect({ ...process.env }, 'the environment that was found').toEqual(environment)
  expect(process.cwd(), 'the working directory that was found').toBe(directory)
  expect(vi.isFakeTimers(), 'fake timers left').toBe(false)
})
