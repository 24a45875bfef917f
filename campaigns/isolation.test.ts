import { expect, it } from 'vitest'
import { campaign } from './isolation.ts'

const quick = { form: 'quick', seed: 7, log: () => {} } as const

it("finds no operation and no route that tells, or changes, another workspace's things (quick form)", async () => {
  const lines: string[] = []
  const { ok, figures } = await campaign({ ...quick, log: (line) => lines.push(line) })
  expect(lines).toEqual([])
  expect(figures).toMatchObject({ differences: 0, leaks: 0, changes: 0, uncovered: 0 })
  expect(ok).toBe(true)
})

it('notices when statements on one table forget their workspace', async () => {
  const { ok, figures } = await campaign({ ...quick, breach: 'notification' })
  expect(Number(figures['leaks'])).toBeGreaterThan(0)
  expect(ok).toBe(false)
})
