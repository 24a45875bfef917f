import { describe, expect, it } from 'vitest'
import { campaign } from './properties.ts'

describe('campaign properties', () => {
  it('finds no document that throws, reads a prototype, is expanded twice or leaves its place', async () => {
    const lines: string[] = []
    const { ok, figures, targets } = await campaign({
      form: 'quick',
      seed: 20_240_313,
      log: (line) => lines.push(line),
    })
    expect(figures, lines.join('\n')).toMatchObject({
      threw: 0,
      prototypeReads: 0,
      expandedTwice: 0,
      wrong: 0,
    })
    expect(figures['documents']).toBe(targets['documents']?.min)
    expect(ok).toBe(true)
  })

  it('gives the same figures for the same seed', async () => {
    const run = () => campaign({ form: 'quick', seed: 7, log: () => {} })
    expect(await run()).toEqual(await run())
  })
})
