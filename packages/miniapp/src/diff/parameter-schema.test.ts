import { expect, it } from 'vitest'
import { canonicalSchema } from './parameter-schema.ts'
import { canonicalText } from './same.ts'

it('writes out references, and leaves those that lead back to themselves', () => {
  const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } } }
  expect(
    canonicalSchema({ type: 'object', properties: { first: { $ref: '#/$defs/node' } }, $defs: { node } }),
  ).toMatchObject({
    properties: { first: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
    $defs: [{ node }, undefined],
  })
})

it('is not overwhelmed by schemas that refer to each other twice, thirty levels deep', () => {
  const twice = (level: number) => ({
    type: 'object',
    properties: { a: { $ref: `#/$defs/l${level}` }, b: { $ref: `#/$defs/l${level}` } },
  })
  const levels = Array.from({ length: 30 }, (_, level) => [`l${level}`, twice(level + 1)])
  const schema = { ...twice(0), $defs: { ...Object.fromEntries(levels), l30: { type: 'string' } } }
  expect(canonicalText(canonicalSchema(schema)).length).toBeLessThan(2_000_000)
})
