import { expect, it } from 'vitest'
import { testEngine } from '../packages/server/test/database.ts'
import { isPostgresInstalled } from '../packages/server/test/postgres.ts'
import { bench } from './action.ts'

it.skipIf(testEngine === 'embedded' || !isPostgresInstalled())(
  'measures actions beside the bare client (quick form)',
  async () => {
    const { figures, targets } = await bench({ form: 'quick', seed: 7, log: () => {} })
    expect(figures).toMatchObject({
      throughputRatio: expect.any(Number),
      cpuRatio: expect.any(Number),
      addedMedianMs: expect.any(Number),
      barePerSecond: expect.any(Number),
      actionsPerSecond: expect.any(Number),
    })
    expect(targets).toHaveProperty('addedMedianMs.max', 1)
  },
)
