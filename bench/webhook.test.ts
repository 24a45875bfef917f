import { expect, it } from 'vitest'
import { testEngine } from '../packages/server/test/database.ts'
import { isPostgresInstalled } from '../packages/server/test/postgres.ts'
import { bench } from './webhook.ts'

it.skipIf(testEngine === 'embedded' || !isPostgresInstalled())(
  'measures deliveries beside a bare server (quick form)',
  async () => {
    const { figures } = await bench({ form: 'quick', seed: 7, log: () => {} })
    expect(figures).toMatchObject({
      postgresRatio: expect.any(Number),
      embeddedRatio: expect.any(Number),
      barePerSecond: expect.any(Number),
      postgresP99Ratio: expect.any(Number),
      processedPerSecond: expect.any(Number),
      triggerP50Ms: expect.any(Number),
    })
  },
)
