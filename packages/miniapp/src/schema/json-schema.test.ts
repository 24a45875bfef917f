import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { validate } from '../validate.ts'
import { type JsonSchema, jsonSchema } from './json-schema.ts'

const documentsIn = (folder: string) => {
  const place = new URL(`../../test/${folder}/`, import.meta.url)
  return readdirSync(place).map((name) => ({
    name,
    document: JSON.parse(readFileSync(new URL(name, place), 'utf8')) as Record<string, unknown>,
  }))
}
const accepts = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allowUnionTypes: true,
  allErrors: true,
}).compile(jsonSchema())

/** Every schema inside a schema, with where it stands. */
function* schemasIn(schema: unknown, at = ''): Generator<[string, JsonSchema]> {
  if (Array.isArray(schema)) {
    for (const [index, one] of schema.entries()) yield* schemasIn(one, `${at}/${index}`)
  } else if (typeof schema === 'object' && schema !== null) {
    yield [at, schema as JsonSchema]
    for (const [name, one] of Object.entries(schema)) {
      if (name !== 'examples') yield* schemasIn(one, `${at}/${name}`)
    }
  }
}

describe('the JSON Schema', () => {
  test('is draft 2020-12 and accepted by a strict validator', () => {
    expect(jsonSchema()['$schema']).toBe('https://json-schema.org/draft/2020-12/schema')
  })

  test.each(documentsIn('examples'))('accepts $name', ({ document }) => {
    accepts(document)
    expect(accepts.errors ?? []).toEqual([])
  })

  test.each(documentsIn('broken'))('refuses $name only where validation does', ({ document }) => {
    const errors = validate(document, { level: 'schema' }).filter(({ severity }) => severity === 'error')
    if (!accepts(document)) expect(errors).not.toEqual([])
  })

  test('refuses unknown properties and allows those that start with x-', () => {
    const [example] = documentsIn('examples')
    expect(accepts({ ...example?.document, banana: 1 })).toBe(false)
    expect(accepts({ ...example?.document, 'x-banana': 1 })).toBe(true)
  })

  test('describes every property', () => {
    const schema = jsonSchema()
    const describes = (property: JsonSchema) => property['description'] !== undefined
    const silent = [...schemasIn(schema)]
      .filter(([at]) => !at.endsWith('/properties'))
      .flatMap(([at, { properties }]) =>
        Object.entries((properties ?? {}) as Record<string, JsonSchema>)
          .filter(([, property]) => !describes(property))
          .map(([name]) => `${at}/properties/${name}`),
      )
    expect(silent).toEqual([])
  })

  test('names every shared part', () => {
    expect(Object.keys(jsonSchema()['$defs'] as object).filter((name) => name.startsWith('_'))).toEqual([])
  })

  test('gives every noun an example that satisfies it', () => {
    const schema = jsonSchema()
    const ajv = new Ajv2020({ strict: false, allErrors: true })
    ajv.addSchema(schema, 'format')
    for (const [noun, { examples }] of Object.entries(schema['$defs'] as Record<string, JsonSchema>)) {
      expect(Array.isArray(examples) && examples.length > 0, noun).toBe(true)
      for (const example of examples as unknown[]) {
        ajv.validate({ $ref: `format#/$defs/${noun}` }, example)
        expect(ajv.errors ?? [], `${noun}: ${JSON.stringify(example)}`).toEqual([])
      }
    }
  })

  test('says in every description something that ends like a sentence', () => {
    const wrong = [...schemasIn(jsonSchema())]
      .map(([at, { description }]) => [at, description] as const)
      .filter(([, description]) => typeof description === 'string' && !/^[A-Z`'].*[.]$/s.test(description))
    expect(wrong).toEqual([])
  })

  test('lets nobody change what others get', () => {
    const first = jsonSchema()
    delete first['properties']
    expect(jsonSchema()['properties']).toBeDefined()
  })
})
