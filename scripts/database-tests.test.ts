import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { databaseTests } from './database-tests.ts'

it('the run on PostgreSQL repeats the tests that reach its setting, however far away, and no others', () => {
  const root = mkdtempSync(join(tmpdir(), 'miniapps-database-tests-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  write('test/database.ts', "import { platform } from './platform.ts'\nprocess.env['TEST_DATABASE_URL']")
  write('test/platform.ts', "export { database } from './database.ts'")
  write('src/itself.test.ts', 'describe.runIf(process.env.TEST_DATABASE_URL)')
  write('src/far.test.ts', "import {\n  platform,\n} from '../test/platform.ts'")
  write('src/lazy.test.ts', "const { platform } = await import('../test/platform.ts')")
  write('src/pure.test.ts', "import { expect } from 'vitest'\nimport { value } from './value.ts'")
  write('src/value.ts', 'export const value = 1')
  write('node_modules/x/src/other.test.ts', 'TEST_DATABASE_URL')
  expect(databaseTests(root, ['**/*.test.ts'])).toEqual([
    'src/far.test.ts',
    'src/itself.test.ts',
    'src/lazy.test.ts',
  ])
})
