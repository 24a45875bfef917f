import { describe, expect, it } from 'vitest'
import { campaign } from './properties.ts'

describe('campaign properties', () => {
  it('finds no document that breaks a promise, and gives the same figures for the same seed', async () => {
    const lines: string[] = []
    const run = () => campaign({ form: 'quick', seed: 20_240_313, log: (line) => lines.push(line) })
    const { ok, figures, targets } = await run()
    expect(figures, lines.join('\n')).toMatchObject({
      threw: 0,
      prototypeReads: 0,
      expandedTwice: 0,
      wrong: 0,
    })
    expect(figures['documents']).toBe(targets['documents']?.min)
    expect(ok).toBe(true)
    expect(await run()).toEqual({ ok, figures, targets })
  })
})
