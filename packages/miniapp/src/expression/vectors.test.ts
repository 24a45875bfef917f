import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MiniAppError } from '../errors.ts'
import { compileHeaders } from './header.ts'
import { compileRecordMapping, compileResponseMapping } from './mapping.ts'
import type { Rec } from './own.ts'
import { compileQuery, encodeQuery } from './query.ts'
import { createCredentialScope, createInputScope, type Scopes } from './scope.ts'
import { compileUrl } from './url.ts'
import { compileArgs, compileValue } from './value.ts'

interface PlaceholderCase {
  name: string
  place: 'body' | 'url' | 'query' | 'header' | 'args'
  template: unknown
  context: 'shared'
  authStep?: boolean
  withCredential?: boolean
  extraInput?: Rec
  extraUserInput?: Rec
  expect: { value: unknown } | { error: string }
}

interface SharedContext {
  input: Rec
  outputs: Rec
  userInput: Rec
  metadata: Rec
  config: Rec
  credentials: Rec
  system: Rec
}

interface MappingCase {
  name: string
  kind: 'response' | 'record'
  mapping: never
  payloadExtra?: Rec
  expect: { result?: Rec; outputs?: Rec; record?: Rec; recordError?: string; error?: string }
}

const directory = new URL('../../vectors/', import.meta.url)

function readVectors<File>(name: string): File {
  return JSON.parse(readFileSync(new URL(name, directory), 'utf8')) as File
}

const placeholders = readVectors<{ shared: SharedContext; cases: PlaceholderCase[] }>('placeholders.json')
const mapping = readVectors<{ payload: Rec; cases: MappingCase[] }>('mapping.json')

function scopesOf(vector: PlaceholderCase): Scopes {
  const { credentials, config, input, userInput, ...rest } = placeholders[vector.context]
  return {
    input: createInputScope({
      ...rest,
      input: { ...input, ...vector.extraInput },
      userInput: { ...userInput, ...vector.extraUserInput },
      ...(vector.authStep ? { config } : {}),
    }),
    credential: createCredentialScope({ credentials, metadata: rest.metadata, config }),
  }
}

const render: Record<PlaceholderCase['place'], (vector: PlaceholderCase, scopes: Scopes) => unknown> = {
  body: ({ template }, scopes) => compileValue(template, '/body').render(scopes),
  args: ({ template }, scopes) => compileArgs(template as Rec, '/args').render(scopes.input),
  header: ({ template }, scopes) =>
    compileHeaders(template as Record<string, string>, '/headers').render(scopes),
  query: ({ template }, scopes) => encodeQuery(compileQuery(template as Rec, '/queryParams').render(scopes)),
  url: ({ template, withCredential }, scopes) =>
    compileUrl(template as string, '/url').render(scopes, { hostFromForm: withCredential !== true }),
}

/** What a case comes to, in the words of the vectors. */
function outcome(compute: () => unknown): { value: unknown } | { error: string } {
  try {
    return { value: compute() }
  } catch (error) {
    if (error instanceof MiniAppError) return { error: error.code }
    throw error
  }
}

describe('placeholders.json', () => {
  it.each(placeholders.cases.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    expect(outcome(() => render[vector.place](vector, scopesOf(vector)))).toStrictEqual(vector.expect)
  })
})

describe('mapping.json', () => {
  it.each(mapping.cases.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const body = { ...mapping.payload, ...vector.payloadExtra }
    const got = vector.kind === 'response' ? mapResponse(vector, body) : mapRecord(vector, body)
    expect(got).toMatchObject(vector.expect)
    for (const part of ['result', 'outputs', 'record'] as const) {
      if (vector.expect[part] !== undefined) expect(got[part]).toStrictEqual(vector.expect[part])
    }
  })

  function mapResponse(vector: MappingCase, body: unknown): MappingCase['expect'] {
    const applied = outcome(() =>
      compileResponseMapping(vector.mapping, '/mapping').apply({ body, headers: {}, status: 200 }),
    )
    return 'error' in applied ? applied : (applied.value as MappingCase['expect'])
  }

  function mapRecord(vector: MappingCase, body: unknown): MappingCase['expect'] {
    const { record, errors } = compileRecordMapping(vector.mapping, '/mapping').apply(body)
    return { record, ...(errors[0] ? { recordError: errors[0].field } : {}) }
  }
})

describe('the vectors folder', () => {
  it('holds the four files of cases and the text that explains them', () => {
    expect(readdirSync(directory).sort()).toEqual([
      'README.md',
      'events.json',
      'mapping.json',
      'placeholders.json',
      'signatures.json',
    ])
  })
})
