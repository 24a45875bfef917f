import { expect, it } from 'vitest'
import { testEngine } from '../packages/server/test/database.ts'
import { isPostgresInstalled } from '../packages/server/test/postgres.ts'
import { campaign } from './flood.ts'

it.skipIf(testEngine === 'embedded' || !isPostgresInstalled())(
  'a flood of one workspace does not hold up another, and what is no delivery is refused (quick form)',
  { timeout: 300_000 },
  async () => {
    const { figures, targets } = await campaign({ form: 'quick', seed: 7, log: () => {} })
    // How many milliseconds it takes, and how many events a turn takes in them, is the machine's, not the test's.
    expect(figures).toMatchObject({
      unanswered: 0,
      lost: 0,
      hostileAnswersWrong: 0,
    })
    expect(figures['memoryGrowthMb']).toBeLessThanOrEqual(targets['memoryGrowthMb']?.max ?? 0)
  },
)
