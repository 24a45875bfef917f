import { expect, it } from 'vitest'
import { declaredNames } from './declared-names.ts'

it.each([
  [{ properties: { a: {}, b: {} } }, ['a', 'b'], false],
  [{ properties: { a: {} }, anyOf: [{ required: ['a'] }, { required: ['b'] }] }, ['a'], false],
  [
    { properties: { a: {} }, oneOf: [{ properties: { b: {} } }, { allOf: [{ properties: { c: {} } }] }] },
    ['a', 'b', 'c'],
    false,
  ],
  [
    JSON.parse(
      '{"if":{"properties":{"a":{}}},"then":{"properties":{"b":{}}},"else":{"properties":{"c":{}}}}',
    ),
    ['a', 'b', 'c'],
    false,
  ],
  [{ dependentSchemas: { a: { properties: { b: {} } } } }, ['b'], false],
  [{ properties: { a: {} }, $ref: '#/$defs/more' }, ['a'], true],
  [{ anyOf: [{ $ref: '#/$defs/more' }] }, [], true],
  [{ patternProperties: { '^x': {} } }, [], true],
  [true, [], false],
  [undefined, [], false],
])('%j declares %j', (schema, names, isOpen) => {
  expect(declaredNames(schema)).toEqual({ names, isOpen })
})
