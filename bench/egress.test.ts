import { expect, it } from 'vitest'
import { bench } from './egress.ts'

it('measures the outbound client beside bare undici (quick form)', async () => {
  const { figures, targets } = await bench({ form: 'quick', seed: 7, log: () => {} })
  expect(figures).toMatchObject({
    throughputRatio: expect.any(Number),
    barePerSecond: expect.any(Number),
    clientPerSecond: expect.any(Number),
  })
  expect(targets).toHaveProperty('throughputRatio.min', 0.9)
})
