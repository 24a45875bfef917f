import { describe, expect, it } from 'vitest'
import { DefinitionError } from './expression/definition-error.ts'
import { compileInput } from './input.ts'

type Schema = Parameters<typeof compileInput>[0]
const run = (schema: Schema, raw: unknown) => compileInput(schema, '/actions/0/parameters')(raw)
const ok = (input: Record<string, unknown>) => ({ ok: true, input })

/** One parameter `a` with this schema. */
const one = (schema: object, required = false): Schema =>
  ({ type: 'object', properties: { a: schema }, ...(required && { required: ['a'] }) }) as Schema

describe('coercion of form input', () => {
  it.each<[string, object, unknown, unknown]>([
    ['a number from text', { type: 'number' }, ' 1.5 ', 1.5],
    ['a number with exponent', { type: 'number' }, '1e3', 1000],
    ['a whole number', { type: 'integer' }, '42', 42],
    ['a whole number written with a point', { type: 'integer' }, '42.0', 42],
    ['a number stays a number', { type: 'number' }, 3, 3],
    [
      'a whole number beyond 2^53 keeps its digits',
      { type: 'integer' },
      '820982911946154508',
      '820982911946154508',
    ],
    ['true', { type: 'boolean' }, 'true', true],
    ['false', { type: 'boolean' }, 'false', false],
    ['1', { type: 'boolean' }, '1', true],
    ['0', { type: 'boolean' }, '0', false],
    ['on', { type: 'boolean' }, 'on', true],
    ['off', { type: 'boolean' }, 'Off', false],
    ['the number 1 as a boolean', { type: 'boolean' }, 1, true],
    ['a list as JSON', { type: 'array' }, '["a, b", 2]', ['a, b', 2]],
    ['a list at commas, trimmed, empties dropped', { type: 'array' }, ' a, b ,,c ', ['a', 'b', 'c']],
    ['a list of numbers', { type: 'array', items: { type: 'number' } }, '1, 2', [1, 2]],
    ['items of a given list', { type: 'array', items: { type: 'boolean' } }, ['on', false], [true, false]],
    ['an object as JSON', { type: 'object' }, '{"k":"v"}', { k: 'v' }],
    [
      'an object as JSON keeps long digits',
      { type: 'object' },
      '{"id":820982911946154508}',
      { id: '820982911946154508' },
    ],
    ['text stays text, blanks included', { type: 'string' }, ' x ', ' x '],
    ['a text that looks like a number stays text', { type: 'string' }, '5', '5'],
    ['a number from a dropdown, for a text parameter', { type: 'string', 'x-source': 'rpc_a' }, 7, '7'],
    ['a union that takes text keeps text', { type: ['string', 'number'] }, '5', '5'],
    ['a union without text converts', { type: ['integer', 'boolean'] }, '5', 5],
    ['a nullable number left empty', { type: ['number', 'null'] }, '', undefined],
    ['an enum of numbers without a type', { enum: [1, 2] }, '2', 2],
    ['anyOf number or boolean', { anyOf: [{ type: 'number' }, { type: 'boolean' }] }, 'true', true],
    ['a nested object', { type: 'object', properties: { n: { type: 'number' } } }, { n: '5' }, { n: 5 }],
  ])('gives %s', (_, schema, raw, expected) => {
    expect(run(one(schema), { a: raw })).toEqual(ok(expected === undefined ? {} : { a: expected }))
  })

  it('counts an empty text for an optional parameter as absent, and takes the default', () => {
    const schema: Schema = {
      properties: {
        a: { type: 'string' },
        b: { type: 'integer', default: 5 },
        c: { type: 'string', default: 'x' },
      },
    }
    expect(run(schema, { a: '', b: ' ', c: '' })).toEqual(ok({ b: 5, c: 'x' }))
    expect(run(one({ type: 'string' }, true), { a: '' })).toEqual(ok({ a: '' }))
  })

  it('fills defaults in at every level, through references and allOf, and never shares them', () => {
    const schema: Schema = {
      properties: { box: { $ref: '#/definitions/box' }, tags: { type: 'array', default: [] } },
      definitions: {
        box: { allOf: [{ type: 'object', properties: { size: { type: 'number', default: 1 } } }] },
      },
    }
    const coerce = compileInput(schema, '')
    const first = coerce({ box: {} })
    expect(first).toEqual(ok({ box: { size: 1 }, tags: [] }))
    if (first.ok) (first.input['tags'] as string[]).push('changed')
    expect(coerce({ box: {} })).toEqual(ok({ box: { size: 1 }, tags: [] }))
  })

  it('drops what is not declared at every level, and keeps it where the schema allows more', () => {
    const schema: Schema = {
      properties: {
        a: { type: 'object', properties: { b: { type: 'string' } } },
        list: { type: 'array', items: { type: 'object', properties: { b: { type: 'string' } } } },
        free: { type: 'object' },
        open: { type: 'object', properties: {}, additionalProperties: { type: 'number' } },
        named: { type: 'object', patternProperties: { '^x_': { type: 'number' } } },
      },
      additionalProperties: false,
    }
    const raw = {
      a: { b: '1', c: 2 },
      list: [{ b: '1', c: 2 }],
      free: { any: 1 },
      open: { n: '5' },
      named: { x_a: '1', y: 2 },
      other: 1,
    }
    expect(run(schema, raw)).toEqual(
      ok({ a: { b: '1' }, list: [{ b: '1' }], free: { any: 1 }, open: { n: 5 }, named: { x_a: 1 } }),
    )
    expect(run({}, { anything: 1 })).toEqual(ok({}))
    expect(run({}, undefined)).toEqual(ok({}))
  })

  it('reads no prototype and sets none', () => {
    const raw = JSON.parse('{"__proto__":{"polluted":true},"constructor":"x","free":{"__proto__":{"y":1}}}')
    const outcome = run(
      { properties: { free: { type: 'object' }, toString: { type: 'string' } } } as unknown as Schema,
      raw,
    )
    expect(outcome.ok).toBe(true)
    if (outcome.ok) {
      expect(Object.keys(outcome.input)).toEqual(['free'])
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    }
  })

  it('knows recursive schemas', () => {
    const schema: Schema = {
      properties: { tree: { $ref: '#/$defs/node' } },
      $defs: {
        node: {
          type: 'object',
          properties: { n: { type: 'number' }, kids: { type: 'array', items: { $ref: '#/$defs/node' } } },
        },
      },
    }
    expect(run(schema, { tree: { n: '1', kids: [{ n: '2', x: 1, kids: [{ n: '3' }] }] } })).toEqual(
      ok({ tree: { n: 1, kids: [{ n: 2, kids: [{ n: 3 }] }] } }),
    )
  })

  it('reads the list form of items of draft-07', () => {
    const schema: Schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      properties: {
        pair: { type: 'array', items: [{ type: 'number' }, { type: 'string' }], additionalItems: false },
      },
    }
    expect(run(schema, { pair: '1,x' })).toEqual(ok({ pair: [1, 'x'] }))
    expect(run(schema, { pair: '1,x,y' })).toMatchObject({ ok: false, fields: [{ path: '/pair' }] })
  })
})

describe('messages about form input', () => {
  it.each<[string, object, unknown, string]>([
    ['a missing number', { type: 'number' }, undefined, 'A is required'],
    ['a number left empty', { type: 'number' }, '', 'A is required'],
    ['text for a number', { type: 'number' }, 'abc', 'A must be a number'],
    ['a fraction for a whole number', { type: 'integer' }, '1.5', 'A must be a whole number'],
    ['text for a boolean', { type: 'boolean' }, 'maybe', 'A must be yes or no (true or false)'],
    ['a number for text', { type: 'string' }, 5, 'A must be text'],
    ['text for an object', { type: 'object' }, 'x', 'A must be a group of fields'],
    ['broken JSON for a list', { type: 'array' }, '[1,', 'A must be a list'],
    ['an unknown choice', { enum: ['x', 'y'] }, 'z', 'A must be one of: x, y'],
    ['no character', { type: 'string', minLength: 1 }, '', 'A must not be empty'],
    ['too few characters', { type: 'string', minLength: 3 }, 'ab', 'A must have at least 3 characters'],
    ['too many characters', { type: 'string', maxLength: 1 }, 'ab', 'A must have at most 1 character'],
    ['too small', { type: 'number', minimum: 2 }, '1', 'A must be at least 2'],
    ['too large', { type: 'number', exclusiveMaximum: 2 }, '2', 'A must be less than 2'],
    ['no email', { type: 'string', format: 'email' }, 'x', 'A must be an email address'],
    ['no date', { type: 'string', format: 'date' }, '31.1.2026', 'A must be a date such as 2026-01-31'],
    [
      'no pattern',
      { type: 'string', pattern: '^[A-Z]{3}$' },
      'x',
      'A does not have the expected form (^[A-Z]{3}$)',
    ],
    ['too few items', { type: 'array', minItems: 2 }, 'x', 'A must have at least 2 items'],
    ['a title', { type: 'number', title: 'Order total' }, 'x', 'Order total must be a number'],
    ['alternatives', { anyOf: [{ type: 'number' }, { type: 'boolean' }] }, 'x', 'A must be a number'],
  ])('name %s', (_, schema, raw, message) => {
    expect(run(one(schema, true), raw === undefined ? {} : { a: raw })).toEqual({
      ok: false,
      fields: [{ path: '/a', message }],
    })
  })

  it('come one for each field, with a pointer, all at once', () => {
    const schema: Schema = {
      properties: {
        channelId: { type: 'string', title: 'Channel' },
        amount: { type: 'number', minimum: 1, multipleOf: 2 },
        tags: { type: 'array', items: { type: 'string', maxLength: 2 } },
        address: { type: 'object', properties: { 'a/b': { type: 'number' } }, required: ['a/b', 'zip_code'] },
      },
      required: ['channelId'],
    }
    const raw = { amount: -1, tags: ['ok', 'long'], address: { 'a/b': 'x' } }
    const outcome = run(schema, raw)
    expect(outcome.ok).toBe(false)
    expect(new Map(outcome.ok ? [] : outcome.fields.map(({ path, message }) => [path, message]))).toEqual(
      new Map([
        ['/channelId', 'Channel is required'],
        ['/amount', 'Amount must be at least 1'],
        ['/tags/1', 'Item 2 of Tags must have at most 2 characters'],
        ['/address/a~1b', 'A / b must be a number'],
        ['/address/zip_code', 'Zip code is required'],
      ]),
    )
  })

  it('speak of the input where it is no object', () => {
    expect(run({}, 'x')).toEqual({
      ok: false,
      fields: [{ path: '', message: 'The input must be a group of fields' }],
    })
    expect(run({}, [1])).toMatchObject({ ok: false, fields: [{ path: '' }] })
  })
})

describe('compileInput', () => {
  it('is not held up by a pattern made to backtrack', () => {
    const coerce = compileInput(one({ type: 'string', pattern: '^(a+)+$' }), '')
    expect(coerce({ a: `${'a'.repeat(5000)}!` })).toMatchObject({ ok: false })
  })

  it('refuses input that is nested without end', () => {
    const schema: Schema = {
      properties: { tree: { $ref: '#/$defs/node' } },
      $defs: { node: { type: 'object', properties: { kid: { $ref: '#/$defs/node' } } } },
    }
    let tree: unknown = {}
    for (let depth = 0; depth < 50_000; depth += 1) tree = { kid: tree }
    expect(run(schema, { tree })).toEqual({
      ok: false,
      fields: [{ path: '', message: 'The input is nested too deeply' }],
    })
  })

  it('tells equal patterns of one schema and different ones apart', () => {
    const schema: Schema = {
      properties: {
        a: { type: 'string', pattern: '^a' },
        b: { type: 'string', pattern: '^b' },
        c: { type: 'string', pattern: '^a' },
      },
    }
    expect(run(schema, { a: 'a', b: 'b', c: 'a' }).ok).toBe(true)
    expect(run(schema, { a: 'a', b: 'a', c: 'a' })).toMatchObject({ fields: [{ path: '/b' }] })
  })

  it.each<[string, object]>([
    ['an unknown type', { type: 'txt' }],
    ['a look-ahead', { type: 'string', pattern: '^(?=x)' }],
    ['a reference to nothing', { $ref: '#/definitions/nope' }],
  ])('refuses %s, saying where', (_, schema) => {
    expect(() => compileInput(one(schema), '/actions/0/parameters')).toThrow(DefinitionError)
  })
})
