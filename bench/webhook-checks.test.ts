import { expect, it } from 'vitest'
import { bench } from './webhook-checks.ts'

it('measures the checks of a delivery beside HMAC and JSON.parse (quick form)', async () => {
  const { figures, targets } = await bench({ form: 'quick', seed: 7, log: () => {} })
  for (const figure of Object.keys(targets)) expect(figures[figure], figure).toEqual(expect.any(Number))
})
