import { expect, it } from 'vitest'
import { bench } from './sandbox.ts'

it('measures calls of a function beside a bare engine (quick form)', async () => {
  const { figures, targets } = await bench({ form: 'quick', seed: 7, log: () => {} })
  for (const figure of ['callsPerSecond', 'barePerSecond', 'wrappedPerSecond', 'strangersPerSecond']) {
    expect(figures[figure], figure).toBeGreaterThan(0)
  }
  expect(targets).toEqual({ callsPerSecond: { min: 1_500 } })
})
