import { expect, it } from 'vitest'
import { campaign } from './secrets.ts'

it('finds no secret anywhere, and the control that is none in many places (quick form)', async () => {
  const { figures } = await campaign({
    form: 'quick',
    seed: 7,
    log: (line) => process.stderr.write(`${line}\n`),
  })
  expect(figures).toMatchObject({ hits: 0 })
  expect(Number(figures['controlForms'])).toBeGreaterThanOrEqual(5)
})
