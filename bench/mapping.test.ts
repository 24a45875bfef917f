import { expect, it } from 'vitest'
import { bench } from './mapping.ts'

it('measures paths beside JSON.parse and templates beside handlebars (quick form)', async () => {
  const { figures, targets } = await bench({ form: 'quick', seed: 7, log: () => {} })
  for (const figure of Object.keys(targets)) expect(figures[figure], figure).toEqual(expect.any(Number))
})
