import { describe, expect, it } from 'vitest'
import { campaign } from './mutations.ts'

describe('campaign mutations', () => {
  it('finds every mistake that it makes, and nothing where there is none', async () => {
    const lines: string[] = []
    const { ok, figures, targets } = await campaign({
      form: 'quick',
      seed: 7,
      log: (line) => lines.push(line),
    })
    expect(figures, lines.join('\n')).toMatchObject({
      threw: 0,
      silent: 0,
      wrongCode: 0,
      wrongPlace: 0,
      falseAlarms: 0,
    })
    expect(figures['documents']).toBe(targets['documents']?.min)
    expect(ok).toBe(true)
  })
})
