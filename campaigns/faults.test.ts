import { expect, it } from 'vitest'
import { campaign } from './faults.ts'

it('answers clearly and recovers when the clock jumps and a provider does not stop sending (quick form)', {
  timeout: 150_000,
}, async () => {
  const lines: string[] = []
  const { ok } = await campaign({ form: 'quick', seed: 7, log: (line) => lines.push(line) })
  expect(ok, lines.join('\n')).toBe(true)
})
