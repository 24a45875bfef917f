import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileDefinition } from './compile.ts'
import { pointerSegments } from './schema/pointer.ts'
import { parseDefinition, type ValidationLevel, validate } from './validate.ts'
import { compileWebhook } from './webhook/compile-webhook.ts'

const place = new URL('../test/examples/', import.meta.url)
const examples = readdirSync(place).map((file) => readFileSync(new URL(file, place), 'utf8'))
const example = (): Record<string, unknown> => JSON.parse(examples[0] ?? '')

describe('levels', () => {
  const document = { ...example(), name: 'other', banana: 1 }

  test('schema tells of shape alone', () => {
    expect(validate(document, { level: 'schema' }).map(({ code }) => code)).toEqual(['unknown-property'])
  })

  test('consistency, the default, includes it', () => {
    expect(validate(document).map(({ code }) => code)).toEqual(['name-differs-from-ns', 'unknown-property'])
  })

  test('submission includes both', () => {
    const found = validate(document, { level: 'submission' }).map(({ code }) => code)
    expect(found).toEqual(expect.arrayContaining(['name-differs-from-ns', 'unknown-property']))
  })

  test('some findings weigh more in a submission', () => {
    const oauth = { ...example(), auth: { type: 'oauth2', auto_refresh: true } }
    const weights = (level: ValidationLevel) =>
      validate(oauth, { level })
        .filter(({ code }) => code === 'oauth-incomplete' || code === 'refresh-incomplete')
        .map(({ severity }) => severity)
    expect(weights('consistency')).toEqual(['warning', 'warning', 'warning'])
    expect(weights('submission')).toEqual(['error', 'error', 'error'])
  })
})

describe('parseDefinition', () => {
  test('gives the document itself, notes included, where only warnings are found', () => {
    const document = { ...example(), name: 'other', 'x-note': 'kept' }
    const { definition, findings } = parseDefinition(document)
    expect(definition).toBe(document)
    expect(findings.map(({ severity }) => severity)).toEqual(['warning'])
  })

  test.each([null, undefined, 1, 'text', true, [], () => 1])('gives no definition for %s', (document) => {
    const { definition, findings } = parseDefinition(document)
    expect(definition).toBeUndefined()
    expect(findings).toHaveLength(1)
  })
})

describe('a document of very many mistakes is answered, not only one by one', () => {
  const count = 5_000
  const step = { url: 'https://{{a}}.example.com', method: 'GET', mapping: {} }

  test.each([
    ['elements of a wrong type', { actions: Array.from({ length: count }, () => 1) }],
    [
      'unknown properties',
      { auth: Object.fromEntries(Array.from({ length: count }, (_, at) => [`naem${at}`, 1])) },
    ],
    [
      'unresolved placeholders',
      {
        actions: [
          {
            name: 'a',
            title: 'A',
            parameters: {
              properties: Object.fromEntries(Array.from({ length: count }, (_, at) => [`field${at}`, {}])),
            },
            requests: [{ ...step, body: Array.from({ length: count }, (_, at) => `{{feild${at}}}`) }],
          },
        ],
      },
    ],
    [
      'actions without anything',
      { actions: Array.from({ length: count }, () => ({ requests: [{ type: 'function' }] })) },
    ],
  ])('%s', (_, parts) => {
    expect(validate({ ...example(), ...parts }).length).toBeGreaterThanOrEqual(count)
  })
})

describe('whatever a document holds', () => {
  const places = (value: unknown, path: (string | number)[] = []): (string | number)[][] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, child]) => [[...path, key], ...places(child, [...path, key])])
      : []

  const spoilt = fc
    .constantFrom(...examples)
    .chain((text) =>
      fc.tuple(
        fc.constant(text),
        fc.constantFrom(...places(JSON.parse(text))),
        fc.jsonValue({ maxDepth: 2 }),
        fc.boolean(),
      ),
    )
    .map(([text, path, value, remove]) => {
      const document = JSON.parse(text)
      const last = path.at(-1) ?? ''
      const owner = path.slice(0, -1).reduce((node, key) => node[key], document)
      if (remove) delete owner[last]
      else owner[last] = value
      return JSON.parse(JSON.stringify(document)) as unknown
    })

  test('validation answers and points into the document', () => {
    fc.assert(
      fc.property(spoilt, (document) => {
        for (const { path, message } of validate(document, { level: 'submission' })) {
          expect(message).not.toBe('')
          const owner = pointerSegments(path).slice(0, -1)
          expect(
            owner.reduce<unknown>(
              (node, key) => (node as Record<string, unknown> | null)?.[key],
              document,
            ) !== undefined,
          ).toBe(true)
        }
      }),
      { numRuns: 100 },
    )
  })

  test('what validation passes can be compiled', () => {
    fc.assert(
      fc.property(spoilt, (document) => {
        const { definition } = parseDefinition(document)
        fc.pre(definition !== undefined)
        expect(() => compileDefinition(definition as NonNullable<typeof definition>)).not.toThrow()
        expect(() => compileWebhook(definition as NonNullable<typeof definition>)).not.toThrow()
      }),
      { numRuns: 100 },
    )
  })

  test('validation answers for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        const findings = validate(document, { level: 'submission' })
        expect(findings.some(({ severity }) => severity === 'error')).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
