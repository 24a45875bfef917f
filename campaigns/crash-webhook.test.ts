import { expect, it } from 'vitest'
import { testEngine } from '../packages/server/test/database.ts'
import { isPostgresInstalled } from '../packages/server/test/postgres.ts'
import { campaign } from './crash-webhook.ts'

it.skipIf(testEngine === 'postgres' && !isPostgresInstalled())(
  'loses no event and lets none have its effect twice when processes are killed (quick form)',
  { timeout: 600_000 },
  async () => {
    const lines: string[] = []
    const log = (line: string) => void lines.push(line)
    const { ok, figures } = await campaign({ form: 'quick', seed: 7, log, databases: [testEngine] })
    expect(figures).toMatchObject({ acknowledged: 200, kills: 2, lost: 0 })
    expect(ok, lines.join('\n')).toBe(true)
  },
)
