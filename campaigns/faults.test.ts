import { expect, it } from 'vitest'
import { campaign } from './faults.ts'

it('answers clearly and recovers when the clock jumps and a provider does not stop sending (quick form)', async () => {
  const lines: string[] = []
  const { figures } = await campaign({ form: 'quick', seed: 7, log: (line) => lines.push(line) })
  const none = { unclearAnswers: 0, brokenExpectations: 0, lostRecords: 0, restarts: 0, skipped: 0 }
  expect(figures, lines.join('\n')).toMatchObject(none)
})
