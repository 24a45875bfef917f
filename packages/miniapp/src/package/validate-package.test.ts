import { newQuickJSWASMModule } from 'quickjs-emscripten'
import { beforeAll, describe, expect, it } from 'vitest'
import { definitionWith } from '../../test/definition.ts'
import type { Definition, ResponseMapping, Step } from '../document.ts'
import { createFunctionEngine } from '../run/evaluate-function.ts'
import type { RunFunction } from './play-recording.ts'
import { RECORDED_CREDENTIAL } from './recorded-values.ts'
import type { Recording } from './recording.ts'
import { checkPackage, type PackageFiles, validatePackage } from './validate-package.ts'

let runFunction: RunFunction
beforeAll(async () => {
  const engine = createFunctionEngine(await newQuickJSWASMModule())
  runFunction = async (call) => engine.evaluate(call)
})

type Test = Omit<Recording, 'file'>

const request: Step = {
  url: 'https://api.acme.example/notes',
  method: 'POST',
  headers: { Authorization: 'Bearer [[accessToken]]' },
  body: { text: '{{text}}' },
  mapping: { id: '$.id' },
}

function definition(step: Partial<typeof request> = {}, parts: Partial<Definition> = {}): Definition {
  return definitionWith({
    auth: { type: 'bearer_token', sensitiveKeys: ['accessToken'], config: { accessToken: '' } },
    actions: [
      {
        name: 'addNote',
        title: 'Add a note',
        description: 'Adds a note.',
        parameters: { type: 'object', properties: { text: { type: 'string', maxLength: 10 } } },
        requests: [{ ...request, ...step } as Step],
      },
    ],
    ...parts,
  })
}

const exchange = {
  request: {
    method: 'POST' as const,
    url: 'https://api.acme.example/notes',
    headers: ['Authorization', 'Content-Type'],
    body: { text: 'Hi' } as unknown,
  },
  response: {
    status: 201,
    headers: { 'content-type': 'application/json' },
    body: { id: 7, tags: [] as unknown[], owner: null } as unknown,
  },
}

const recorded: Test = {
  action: 'addNote',
  input: { text: 'Hi' },
  exchanges: [exchange],
  expected: { data: { id: 7 } },
}

function packageOf(document: unknown, tests: unknown[], samples: unknown[] = []): PackageFiles {
  const named = (folder: string, values: unknown[]) =>
    values.map((value, index) => ({ file: `${folder}/${index + 1}.json`, value }))
  return { definition: document, tests: named('tests', tests), samples: named('samples', samples) }
}

/** Of the codes that only packages have, as `file path: message`. */
async function told(document: unknown, ...tests: unknown[]): Promise<string[]> {
  const findings = await validatePackage(packageOf(document, tests), { runFunction, level: 'consistency' })
  return findings.map(({ file = 'definition', path, message }) => `${file} ${path}: ${message}`)
}

describe('a recorded test', () => {
  it('says nothing where the definition does what is recorded', async () => {
    expect(await told(definition(), recorded)).toEqual([])
  })

  it.each<[string, Partial<Step>, string, string]>([
    [
      'another address',
      { url: 'https://api.acme.example/note' },
      '/exchanges/0/request/url',
      'request 1 goes to `https://api.acme.example/note`, recorded `https://api.acme.example/notes`',
    ],
    ['another method', { method: 'PUT' }, '/exchanges/0/request/method', 'request 1 is sent with `PUT`'],
    [
      'another body',
      { body: { txt: '{{text}}' } },
      '/exchanges/0/request/body/text',
      'the body of request 1 at `/text` is nothing, recorded `"Hi"`; the body of request 1 at `/txt` is `"Hi"`',
    ],
    [
      'a header too many',
      { headers: { Authorization: 'Bearer [[accessToken]]', 'X-Trace': '1' } },
      '/exchanges/0/request/headers',
      'request 1 has the header `X-Trace`, which is not recorded',
    ],
    ['a header too few', { headers: {} }, '/exchanges/0/request/headers', 'request 1 lacks the header'],
    [
      'another result',
      { mapping: { id: { path: '$.id', transform: 'toString' } } },
      '/expected/data/id',
      'the result at `/id` is `"7"`, recorded `7`',
    ],
    [
      'a failure',
      { mapping: [{ name: 'id', value: '$.ident' }] },
      '/expected',
      'it fails with EXTERNAL_API_ERROR: "id" has no value',
    ],
  ])('tells of %s', async (_name, step, path, message) => {
    const [first] = (await told(definition(step as never), recorded)).filter((one) =>
      one.startsWith('tests/'),
    )
    expect(first).toContain(`tests/1.json ${path}: Action \`addNote\` does something else than is recorded: `)
    expect(first).toContain(message)
  })

  it('tells of requests that are missing or too many', async () => {
    expect(await told(definition(), { ...recorded, exchanges: [exchange, exchange] })).toEqual([
      expect.stringContaining('it does not send request 2, `POST https://api.acme.example/notes`'),
    ])
    expect(await told(definition(), { ...recorded, exchanges: [] })).toEqual([
      expect.stringContaining('it sends a request 1, `POST https://api.acme.example/notes`, which is not'),
    ])
  })

  it('compares the values of headers where they are recorded', async () => {
    const headers = { Authorization: `Bearer ${RECORDED_CREDENTIAL}`, 'Content-Type': 'application/json' }
    const withValues = { ...exchange, request: { ...exchange.request, headers } }
    expect(await told(definition(), { ...recorded, exchanges: [withValues] })).toEqual([])
    const basic = definition({ headers: { Authorization: 'Basic [[accessToken]]' } } as never)
    expect(await told(basic, { ...recorded, exchanges: [withValues] })).toEqual([
      expect.stringContaining('the headers of request 1 at `/Authorization` is'),
    ])
  })

  it('compares of an error what the recording speaks of', async () => {
    const response = { status: 404, headers: {}, body: { message: 'No board.' } }
    const failing = { ...recorded, exchanges: [{ ...exchange, response }] }
    const error = { code: 'EXTERNAL_API_ERROR', status: 404 }
    expect(await told(definition(), { ...failing, expected: { error } })).toEqual([])
    expect(await told(definition(), { ...failing, expected: { error: { ...error, status: 400 } } })).toEqual([
      expect.stringContaining('the error at `/status` is `404`, recorded `400`'),
    ])
    expect(await told(definition(), { ...recorded, expected: { error } })).toEqual([
      expect.stringContaining('it succeeds, recorded is the error EXTERNAL_API_ERROR'),
    ])
  })

  it('runs the input through the form, and compares the fields that do not fit', async () => {
    const refused = { ...recorded, input: { text: 'longer than ten' }, exchanges: [] }
    const error = { code: 'VALIDATION_ERROR', fields: ['/text'] }
    expect(await told(definition(), { ...refused, expected: { error } })).toEqual([])
    expect(await told(definition(), { ...refused, expected: { data: {} } })).toEqual([
      expect.stringContaining('it fails with VALIDATION_ERROR (/text):'),
    ])
  })

  it('goes on after a wait, with the next answer', async () => {
    const busy = { status: 503, headers: { 'retry-after': '5' }, body: null }
    const exchanges = [{ ...exchange, response: busy }, exchange]
    expect(await told(definition(), { ...recorded, exchanges })).toEqual([])
  })

  it('answers with texts as they are where they are no JSON', async () => {
    const response = { status: 200, headers: { 'Content-Type': 'text/plain' }, body: 'done' }
    const test = { ...recorded, exchanges: [{ ...exchange, response }], expected: { data: { all: 'done' } } }
    expect(await told(definition({ mapping: { all: '$' } } as never), test)).toEqual([])
  })

  it('is not run where it holds no exchanges, but its part must be there', async () => {
    const { exchanges: _none, ...live } = recorded
    const files = packageOf(definition(), [live, { ...live, action: 'addNot' }])
    const { results, findings } = await checkPackage(files, { runFunction, level: 'consistency' })
    expect(results.map(({ outcome }) => outcome)).toEqual(['live', 'differs'])
    expect(findings).toEqual([
      expect.objectContaining({
        file: 'tests/2.json',
        path: '/action',
        message: expect.stringContaining('there is no action `addNot`; did you mean `addNote`.'),
      }),
    ])
  })

  it('is not run where the definition has errors, which are told', async () => {
    const broken = definition({ url: 'nowhere' } as never)
    const checked = await checkPackage(packageOf(broken, [recorded]), { runFunction })
    expect(checked.results).toEqual([])
    expect(checked.findings.map(({ code }) => code)).toContain('malformed-url')
  })
})

describe('a file of the package', () => {
  it('is told about with its name, and stops nothing else', async () => {
    const wrong = { ...recorded, exchnges: [], source: 'rpc_x', expected: {} }
    const found = await told(definition({ url: 'https://api.acme.example/n' } as never), wrong, 7, recorded)
    expect(found).toEqual([
      'tests/1.json /expected/data: `data` must be given, or one of `options`, `error`.',
      'tests/1.json /exchnges: unknown property `exchnges`; did you mean `exchanges`?',
      'tests/1.json /source: `source` must be left out: `action` is given already.',
      'tests/2.json : The file must be an object, not `7`.',
      expect.stringContaining('tests/3.json /exchanges/0/request/url: '),
    ])
  })
})

describe('a mapping entry', () => {
  const body = { id: 7, tags: [], owner: null, items: [{ sku: 'a' }] }
  const answering = (data: object): Test => ({
    ...recorded,
    exchanges: [{ ...exchange, response: { ...exchange.response, body } }],
    expected: { data: data as Record<string, unknown> },
  })
  const unmatched = async (mapping: ResponseMapping, data: object) => {
    const findings = await validatePackage(packageOf(definition({ mapping } as never), [answering(data)]), {
      runFunction,
      level: 'consistency',
    })
    return findings.map(({ code, path, message }) => [code, path.split('/mapping')[1], message])
  }

  it('that selects nothing in any recorded answer is told, with what is there', async () => {
    expect(await unmatched({ id: '$.id', ref: '$.ids' }, { id: 7 })).toEqual([
      [
        'mapping-never-matches',
        '/ref',
        '`$.ids` selected nothing in any recorded answer: `$` has no `ids`; did you mean `id`? Correct the path, or record an answer that has it.',
      ],
    ])
  })

  it.each<[string, ResponseMapping, object]>([
    ['is a literal', { kind: 'note' }, { kind: 'note' }],
    ['has a default', { ref: { path: '$.ref', default: 'none' } }, { ref: 'none' }],
    ['is optional', [{ name: 'ref', value: '$.ref', optional: true }], {}],
    ['meets a null', { owner: '$.owner.name' }, {}],
    ['meets an empty list', { tags: '$.tags[*].name' }, { tags: [] }],
    ['finds one of its paths', { id: { paths: ['$.uuid', '$.id'] } }, { id: 7 }],
    ['reads the status', { status: { source: 'status' } }, { status: 201 }],
    ['reads a header', { type: { source: 'header', path: 'Content-Type' } }, { type: 'application/json' }],
  ])('is not told where it %s', async (_name, mapping, data) => {
    expect(await unmatched(mapping, data)).toEqual([])
  })

  it.each<[string, ResponseMapping, object, string]>([
    ['a header', { x: { source: 'header', path: 'X-Id' } }, {}, '/x'],
    ['none of its paths', { x: { paths: ['$.a', '$.b'] } }, {}, '/x'],
    ['no element', { x: '$.items[*].skew' }, { x: [] }, '/x'],
    [
      'a field of items',
      { items: { path: '$.items', transform: 'mapItems', fields: { sku: 'sku', skew: 'skew' } } },
      { items: [{ sku: 'a' }] },
      '/items/fields/skew',
    ],
  ])('is told where it finds %s', async (_name, mapping, data, place) => {
    expect((await unmatched(mapping, data)).map(([code, path]) => [code, path])).toEqual([
      ['mapping-never-matches', place],
    ])
  })

  it('of a source is told, too', async () => {
    const source = {
      rpc_boards: {
        url: 'https://api.acme.example/boards',
        method: 'GET' as const,
        headers: { Authorization: 'Bearer [[accessToken]]' },
        dataPath: 'boards',
        valueField: 'id',
        labelField: 'nam',
      },
    }
    const { body: _none, ...get } = exchange.request
    const test: Test = {
      source: 'rpc_boards',
      exchanges: [
        {
          request: {
            ...get,
            method: 'GET',
            url: 'https://api.acme.example/boards',
            headers: ['Authorization'],
          },
          response: {
            status: 200,
            headers: exchange.response.headers,
            body: { boards: [{ id: 1, name: 'A' }] },
          },
        },
      ],
      expected: { options: [{ value: 1, label: '1' }] },
    }
    const findings = await validatePackage(packageOf(definition({}, { source }), [test]), {
      runFunction,
      level: 'consistency',
    })
    expect(findings.map(({ code, path }) => [code, path])).toEqual([
      ['mapping-never-matches', '/source/rpc_boards/labelField'],
    ])
  })
})
