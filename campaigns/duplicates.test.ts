import { expect, it } from 'vitest'
import { testEngine } from '../packages/server/test/database.ts'
import { isPostgresInstalled } from '../packages/server/test/postgres.ts'
import { campaign } from './duplicates.ts'

it.skipIf(testEngine === 'embedded' || !isPostgresInstalled())(
  'keeps one of each 50 identical deliveries at two processes (quick form)',
  async () => {
    const { ok, figures } = await campaign({ form: 'quick', seed: 7, log: () => {} })
    expect(figures).toMatchObject({
      kept: 10,
      firings: 10,
      burstsWithoutExactlyOne: 0,
      duplicatesUncounted: 0,
    })
    expect(ok).toBe(true)
  },
)
