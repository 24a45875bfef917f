import { expect, it } from 'vitest'
import { testEngine } from '../packages/server/test/database.ts'
import { isPostgresInstalled } from '../packages/server/test/postgres.ts'
import { campaign } from './refresh-race.ts'

it.skipIf(testEngine === 'embedded' || !isPostgresInstalled())(
  'exchanges once for each expiry, whichever process its callers are at (quick form)',
  async () => {
    const { figures } = await campaign({ form: 'quick', seed: 7, log: () => {} })
    expect(figures).toMatchObject({ exchanges: 8, failedCalls: 0, revokedFamilies: 0 })
  },
)
