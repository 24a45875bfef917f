import { expect, it } from 'vitest'
import { campaign } from './budget.ts'

it('exhausts a provider without being refused, and lets a person through meanwhile (quick form)', async () => {
  const { figures } = await campaign({ form: 'quick', seed: 7, log: () => {} })
  expect(figures).toMatchObject({ failed: 0, interactiveCalls: expect.any(Number) })
  expect(figures['requests']).toBeGreaterThan(0)
})
