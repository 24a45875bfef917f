/**
 * What the pure core costs next to what everybody has at hand: 20 paths next to `JSON.parse` of the payload that they
 * read, 15 placeholders next to precompiled handlebars templates. The two sides of a pair do the same work, which is
 * checked before the clock starts, take turns within each round, and every result is used.
 */
import { deepStrictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import Handlebars from 'handlebars'
import { compileRecordMapping } from '../packages/miniapp/src/expression/mapping.ts'
import { compilePath } from '../packages/miniapp/src/expression/path.ts'
import { createCredentialScope, createInputScope } from '../packages/miniapp/src/expression/scope.ts'
import { compileValue } from '../packages/miniapp/src/expression/value.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { judge, measureRounds, median, type Rounds, type Run, round } from '../scripts/measure-rounds.ts'

/** Odd, so that the median is a round that was run; milliseconds that one side runs in one round. */
const FORMS = {
  quick: { rounds: 7, sliceMs: 20 },
  default: { rounds: 21, sliceMs: 60 },
  long: { rounds: 101, sliceMs: 100 },
} as const satisfies Record<MeasureOptions['form'], { rounds: number; sliceMs: number }>

/** Kept readable; measured without white space, as providers send it. */
const PAYLOAD = new URL('./payloads/github-issue-opened.json', import.meta.url)

const TARGETS = {
  pathsToParse: { max: 0.2 },
  mappingToParse: { max: 0.2 },
  templateSpeedup: { min: 5 },
} as const satisfies Measurement['targets']

const PATHS = {
  action: '$.action',
  number: '$.issue.number',
  id: '$.issue.id',
  title: '$.issue.title',
  text: '$.issue.body',
  state: '$.issue.state',
  url: '$.issue.html_url',
  createdAt: '$.issue.created_at',
  author: '$.issue.user.login',
  authorId: '$.issue.user.id',
  firstLabel: '$.issue.labels[0].name',
  lastLabel: '$.issue.labels[-1].name',
  assignee: '$.issue.assignee.login',
  milestone: '$.issue.milestone.title',
  repository: '$.repository.full_name',
  owner: '$.repository.owner.login',
  license: '$.repository.license.spdx_id',
  branch: '$.repository.default_branch',
  organization: '$.organization.login',
  sender: '$.sender.login',
} as const

/** A request body of plain strings with 15 placeholders, as a definition writes it. */
const BODY = {
  channel: '{{channel}}',
  subject: '{{orderNumber}}: {{status}}',
  greeting: 'Hello {{firstName}} {{lastName}},',
  text: 'your order of {{date}} leaves {{warehouse}} today with {{carrier}}.',
  total: '{{count}} items, {{total}} {{currency}}',
  contact: 'Write to {{email}} or call {{phone}}.',
  footer: '{{storeName}}, {{storeCity}}',
} as const

export async function bench({ form, seed, log }: MeasureOptions): Promise<Measurement> {
  const pairs = { paths: pathPairs(), template: templatePairs(seed) }
  const figures = {
    ...measurePaths(pairs.paths, FORMS[form]),
    ...measureTemplates(pairs.template, FORMS[form]),
  }
  const verdicts = Object.entries(TARGETS).map(([name, target]) =>
    judge(figures[name as keyof typeof TARGETS], target),
  )
  log(
    `paths ${figures.pathsToParse} and mapping ${figures.mappingToParse} of JSON.parse (${figures.parseMicroseconds} µs)`,
  )
  log(
    `placeholders ${figures.templateSpeedup} times as fast as handlebars (${figures.handlebarsMicroseconds} µs)`,
  )
  const ok = verdicts.every((verdict) => verdict !== 'missed')
  return {
    ok,
    figures: { ...figures, ...(ok && verdicts.includes('tie') ? { tie: true } : {}) },
    targets: TARGETS,
  }
}

function pathPairs() {
  const payload: unknown = JSON.parse(readFileSync(PAYLOAD, 'utf8'))
  const text = JSON.stringify(payload)
  const paths = Object.values(PATHS).map(compilePath)
  const mapping = compileRecordMapping(PATHS, '')
  deepStrictEqual(
    Object.values(mapping.apply(payload).record),
    paths.map((path) => path.read(payload)).filter((value) => value !== undefined),
  )
  const parse: Run = () => (JSON.parse(text) as { action: string }).action.length
  const read: Run = () => {
    let found = 0
    for (const path of paths) if (path.read(payload) !== undefined) found++
    return found
  }
  const map: Run = () => (mapping.apply(payload).record['action'] as string).length
  return { parse, read, map, bytes: text.length }
}

function templatePairs(seed: number) {
  const { input, outputs, userInput, metadata } = placeholderValues(seed)
  const scopes = {
    input: createInputScope({ input, outputs, userInput, metadata, system: { subdomain: 'acme' } }),
    credential: createCredentialScope({ credentials: {}, metadata, config: {} }),
  }
  const ours = compileValue(BODY, '')
  const flat = { ...input, ...outputs, ...userInput, ...metadata }
  const templates = Object.entries(BODY).map(
    ([key, text]) => [key, Handlebars.compile(text, { noEscape: true })] as const,
  )
  const renderTemplates = () => {
    const body: Record<string, string> = {}
    for (const [key, template] of templates) body[key] = template(flat)
    return body
  }
  deepStrictEqual(ours.render(scopes), renderTemplates())
  const render: Run = () => (ours.render(scopes) as typeof BODY).text.length
  const handlebars: Run = () => (renderTemplates()['text'] as string).length
  return { render, handlebars }
}

/** The values of {@link BODY}, spread over the places in which a real run finds them. */
function placeholderValues(seed: number) {
  const tag = (seed >>> 0).toString(36)
  return {
    input: {
      channel: `C${tag}`,
      firstName: 'Rin',
      lastName: 'Okafor',
      email: `rin.${tag}@example.com`,
      phone: '+2348031234567',
    },
    outputs: {
      orderNumber: `A-${tag}`,
      status: 'on its way',
      date: '2024-03-13',
      warehouse: 'Lagos',
      carrier: 'Courier',
      count: '3',
    },
    userInput: { total: '19.99', currency: 'USD' },
    metadata: { storeName: 'Orchard', storeCity: 'Abuja' },
  }
}

function measurePaths({ parse, read, map, bytes }: ReturnType<typeof pathPairs>, rounds: Rounds) {
  const times = measureRounds({ parse, read, map }, rounds)
  return {
    payloadBytes: bytes,
    parseMicroseconds: round(median(times.map((time) => time.parse))),
    pathsToParse: round(median(times.map((time) => time.read / time.parse))),
    mappingToParse: round(median(times.map((time) => time.map / time.parse))),
  }
}

function measureTemplates({ render, handlebars }: ReturnType<typeof templatePairs>, rounds: Rounds) {
  const times = measureRounds({ render, handlebars }, rounds)
  return {
    handlebarsMicroseconds: round(median(times.map((time) => time.handlebars))),
    templateSpeedup: round(median(times.map((time) => time.handlebars / time.render))),
  }
}
