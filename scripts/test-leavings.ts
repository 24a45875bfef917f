/** Before and after each file of tests: files share a process, so each has to leave it as it found it. */
import { afterAll, expect, vi } from 'vitest'
import { uuidv7 } from '../packages/server/src/db/uuid.ts'
import { openDatabases } from '../packages/server/test/open-databases.ts'

const environment = { ...process.env }
const directory = process.cwd()

// The clock of another file may have been ahead, and ids follow the latest; a clock that was set back makes them begin anew.
uuidv7(0)

// Set-up is run first, and what it asks for last.
afterAll(async () => {
  const forgotten = [...openDatabases]
  await Promise.all(forgotten.map((database) => database.drop()))
  expect(forgotten.length, 'test databases left open: call drop() in afterAll').toBe(0)
  expect({ ...process.env }, 'the environment that was found').toEqual(environment)
  expect(process.cwd(), 'the working directory that was found').toBe(directory)
  expect(vi.isFakeTimers(), 'fake timers left').toBe(false)
})
