/** What the guides show is true: definitions validate, queries fit the schema, commands exist, links lead somewhere. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type GraphQLError, parse, validate as validateQuery } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../packages/cli/src/program.ts'
import {
  CHANGE_CODES,
  compileEventExtraction,
  compileResponseMapping,
  compileUrl,
  compileValue,
  createCredentialScope,
  createInputScope,
  ERROR_CODES,
  encodeForm,
  FINDING_CODES,
  type ResponseMapping,
  type Scopes,
  validate,
  type WebhookDefinition,
} from '../packages/miniapp/src/index.ts'
import {
  compileTransactionId,
  compileVerification,
  parseBody,
} from '../packages/miniapp/src/webhook-entry.ts'
import { API_ERROR_CODES } from '../packages/server/src/errors.ts'
import { schema } from '../packages/server/src/graphql/schema.ts'
import { EVENTS } from '../packages/server/src/log.ts'
import { SETTINGS } from '../packages/server/src/settings.ts'
import { addAt, anchors, type CodeBlock, codeBlocks, codeSpans, commands, links } from './guides.ts'
import { problemOf } from './guides-commands.ts'

const root = resolve(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const guides = globSync('docs/guides/*.md', { cwd: root }).sort()
const pages = [
  ...globSync('*.md', { cwd: root }),
  ...globSync('{docs,catalog}/**/*.md', { cwd: root }),
].sort()
const whole = (path: string) => ({ path, text: read(path), blocks: codeBlocks(read(path)) })

const place = (path: string, { line }: CodeBlock) => `${path}:${line}`

it('finds the pages it is about', () => {
  expect(guides.length).toBeGreaterThan(3)
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...guides]))
})

describe('definitions', () => {
  const steps = guides.map(whole).flatMap(({ path, blocks }) =>
    blocks
      .filter(({ info }) => /^(definition$|add )/.test(info))
      .map((block) => ({
        path,
        at: place(path, block),
        info: block.info,
        value: JSON.parse(block.text) as unknown,
      })),
  )

  it('are valid after every step, and those of the first guide grow into the file beside it', () => {
    let document: unknown
    for (const { at, info, value } of steps) {
      document = info === 'definition' ? value : addAt(document, info.slice('add '.length), value)
      expect(validate(document), at).toEqual([])
    }
    expect(steps.map(({ path }) => path)).toEqual(steps.map(() => 'docs/guides/write-a-definition.md'))
    expect(steps.length).toBeGreaterThan(3)
    expect(JSON.parse(read('docs/guides/first-definition.json'))).toEqual(document)
  })
})

interface Example {
  input?: Record<string, unknown>
  outputs?: Record<string, unknown>
  userInput?: Record<string, unknown>
  metadata?: Record<string, unknown>
  credentials?: Record<string, unknown>
  template: unknown
  sends: unknown
}

interface MappingExample {
  response: unknown
  mapping: ResponseMapping
  result: unknown
}

interface VerificationExample {
  verification: NonNullable<WebhookDefinition['verification']>
  credentials: Record<string, unknown>
  headers: Record<string, string>
  body: string
  /** Seconds since the epoch. */
  now?: number
  /** `accepted`, or the code of the refusal. */
  verdict: string
}

interface DeliveryExample {
  webhook: WebhookDefinition
  headers?: Record<string, string>
  query?: Record<string, string>
  rawBody: string
  event: string | null
  transactionId?: string
}

const UTF8 = new TextEncoder()

function scopesOf({
  input = {},
  outputs = {},
  userInput = {},
  metadata = {},
  credentials = {},
}: Example): Scopes {
  return {
    input: createInputScope({ input, outputs, userInput, metadata, system: {} }),
    credential: createCredentialScope({ credentials, metadata, config: {} }),
  }
}

/** How a block of examples is run; each holds one example or a list of them. */
const EXAMPLES: Record<string, (example: never) => void> = {
  'of a body': (example: Example) =>
    expect(compileValue(example.template, '').render(scopesOf(example))).toEqual(example.sends),
  'of a form body': (example: Example) =>
    expect(
      decodeURIComponent(encodeForm(compileValue(example.template, '').render(scopesOf(example)))),
    ).toEqual(example.sends),
  'of a URL': (example: Example) =>
    expect(compileUrl(String(example.template), '').render(scopesOf(example), { hostFromForm: false })).toBe(
      example.sends,
    ),
  'of a mapping': ({ response, mapping, result }: MappingExample) => {
    const source = { body: response, headers: {}, status: 200 }
    expect(compileResponseMapping(mapping, '').apply(source).outputs).toEqual(result)
  },
  'of a verification': ({
    verification,
    credentials,
    headers,
    body,
    now = 0,
    verdict,
  }: VerificationExample) => {
    const delivery = { headers, rawBody: UTF8.encode(body), url: '', now: now * 1000 }
    const found = compileVerification({ verification }).verify(delivery, { credentials })
    const code = 'then' in found ? 'later' : found.ok ? 'accepted' : found.code
    expect(code).toBe(verdict)
  },
  'of a delivery': ({ webhook, headers = {}, query = {}, event, ...example }: DeliveryExample) => {
    const rawBody = UTF8.encode(example.rawBody)
    const parsed = parseBody({ headers, rawBody })
    const delivery = { headers, query, rawBody, body: parsed.ok ? parsed.body : null }
    expect(compileEventExtraction(webhook)(delivery) ?? null).toBe(event)
    const id = compileTransactionId(webhook)?.idOf(delivery, event ?? undefined)
    expect(id && 'id' in id ? id.id : undefined).toBe(example.transactionId)
  },
}

describe('examples', () => {
  const examples = guides
    .map(whole)
    .flatMap(({ path, blocks }) =>
      blocks.filter(({ info }) => info in EXAMPLES).map((block) => ({ at: place(path, block), ...block })),
    )

  it('are there', () =>
    expect(new Set(examples.map(({ info }) => info))).toEqual(new Set(Object.keys(EXAMPLES))))

  it.each(examples)('at $at do what they say', ({ info, text }) => {
    for (const example of [JSON.parse(text)].flat()) EXAMPLES[info]?.(example as never)
  })
})

describe('every page', () => {
  const all = pages.map(whole)
  const blocksIn = (language: string) =>
    all.flatMap(({ path, blocks }) =>
      blocks
        .filter((block) => block.language === language)
        .map((block) => ({ at: place(path, block), text: block.text })),
    )

  it('shows JSON that parses', () => {
    for (const { at, text } of blocksIn('json')) expect(() => JSON.parse(text), at).not.toThrow()
  })

  it('shows GraphQL that fits the schema', () => {
    const blocks = blocksIn('graphql')
    expect(blocks.length).toBeGreaterThan(0)
    for (const { at, text } of blocks) {
      const messages = (errors: readonly GraphQLError[]) => errors.map(({ message }) => message)
      expect(messages(validateQuery(schema, parse(text))), at).toEqual([])
    }
  })

  it('shows commands and options that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const program = createProgram({ env: {}, directory: root, isTerminal: false, say() {}, finish() {} })
    const shown = blocksIn('sh').flatMap(({ at, text }) => commands(text).map((words) => ({ at, words })))
    expect(shown.length).toBeGreaterThan(0)
    for (const { at, words } of shown) {
      expect(problemOf(words, { scripts, program }), `${at}: ${words.join(' ')}`).toBeUndefined()
    }
  })

  it('links to files and headings that are there', () => {
    for (const { path, text } of all) {
      for (const target of links(text).filter((to) => !/^[a-z]+:/.test(to))) {
        const [file = '', id] = target.split('#')
        const linked = file === '' ? path : join(dirname(path), file)
        expect(existsSync(join(root, linked)), `${path} links to ${target}`).toBe(true)
        if (id !== undefined) expect(anchors(read(linked)), `${path} links to ${target}`).toContain(id)
      }
    }
  })

  it('names settings, codes and events that exist', () => {
    for (const { path, text } of all) {
      const unknown = codeSpans(text).filter((span) =>
        NAMES.some(({ form, known }) => form.test(span) && !known.has(span)),
      )
      expect(unknown, path).toEqual([])
    }
  })
})

/** Names that look like settings and are none of the server's. */
const OTHER_NAMES = ['TEST_DATABASE_URL', 'UPPER_SNAKE']

/** What a name of a form must be one of. */
const NAMES = [
  {
    form: /^(?!MINIAPPS_)[A-Z]+(_[A-Z]+)+$/,
    known: new Set([SETTINGS, ERROR_CODES, API_ERROR_CODES].flatMap(Object.keys).concat(OTHER_NAMES)),
  },
  {
    form: /^(server|setting|database|sandbox|request|operation|install|link)\.[a-z]{3,}$/,
    known: new Set<string>(Object.keys(EVENTS)),
  },
  {
    form: /^(unknown|duplicate|unresolved|malformed|missing|wrong|host)-[a-z-]+$/,
    known: new Set<string>([FINDING_CODES, CHANGE_CODES].flatMap(Object.keys)),
  },
]
