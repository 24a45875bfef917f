/** Runs an attack through the interpreter, as a whole definition of its own. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Bags,
  compileDefinition,
  createRedactor,
  type Definition,
  type Effects,
  readOptions,
  runSteps,
} from 'miniapp'
import { listing } from '../../packages/server/test/ledger-app.ts'
import type { DefinitionAttack } from './definition-attacks.ts'
import { CANARY } from './trap.ts'

const DEADLINE_MS = 30_000
const PROVIDER = 'https://provider.test'

type Rec = Record<string, unknown>

/** Whatever comes of it: what counts is who was reached. */
export async function runDefinition(attack: DefinitionAttack, send: Effects['send']): Promise<void> {
  const compiled = compileDefinition(definitionOf(attack) as unknown as Definition)
  const bags: Bags = {
    credentials: { token: CANARY, ...attack.credentials },
    metadata: {},
    userInput: attack.userInput ?? {},
    config: {},
  }
  const context = {
    bags,
    input: { ...attack.input, ...(attack.items && { items: attack.items }) },
    system: {},
    allowedHosts: compiled.declaredHosts(bags),
    redact: createRedactor([]),
    functions: undefined,
  }
  const effects: Effects = {
    send,
    runFunction: () => Promise.reject(new Error('There is no function.')),
    now: Date.now,
    random: Math.random,
    sleep: (ms) => sleep(ms),
    uuid: randomUUID,
  }
  const options = { deadlineMs: DEADLINE_MS }
  const source = compiled.sources.get('rpc_list')
  if (source) await readOptions(source, context, effects, options)
  else await runSteps(compiled.actions.get('attack')?.steps ?? [], context, effects, options)
}

/** @throws DefinitionError where the URL of the attack could be none of a definition */
function definitionOf(attack: DefinitionAttack): Rec {
  const headers = attack.withCredential ? { Authorization: 'Bearer [[token]]' } : {}
  return {
    ...listing('egress', PROVIDER),
    auth: { type: 'bearer_token', sensitiveKeys: ['token'], form: {} },
    actions: [
      { name: 'attack', title: 'Attack', description: 'Attacks.', requests: requestsOf(attack, headers) },
    ],
    ...(attack.nextPage && { source: { rpc_list: sourceOf(attack, headers) } }),
  }
}

function requestsOf(attack: DefinitionAttack, headers: Rec): Rec[] {
  const { url, first = {}, items } = attack
  const before = {
    url: `${PROVIDER}/json?body=${encodeURIComponent(JSON.stringify(first))}`,
    method: 'GET',
    mapping: Object.keys(first).map((name) => ({ name, value: `$.${name}` })),
  }
  const step = {
    url,
    method: 'GET',
    headers,
    mapping: {},
    ...(items && { forEach: { items: '{{items}}', as: 'item' } }),
  }
  return attack.first ? [before, step] : [step]
}

function sourceOf({ url, nextPage }: DefinitionAttack, headers: Rec): Rec {
  const inBody = nextPage === 'body'
  const body = JSON.stringify({ items: [{ id: 1 }], next: url })
  const link = `<${url}>; rel="next"`
  return {
    url: `${PROVIDER}/json?body=${encodeURIComponent(body)}${inBody ? '' : `&link=${encodeURIComponent(link)}`}`,
    method: 'GET',
    headers,
    dataPath: '$.items',
    valueField: 'id',
    labelField: 'id',
    pagination: inBody ? { type: 'nextUrl', nextUrlPath: '$.next' } : { type: 'link' },
  }
}

/** The attack's URLs with its values put in as text, as whoever wrote no rules would. */
export function urlsWithoutRules(attack: DefinitionAttack): string[] {
  const { url, input, userInput, credentials, first, items } = attack
  const values: Rec = { ...input, ...userInput, ...credentials, ...first }
  const fill = (more: Rec) =>
    url.replaceAll(/\{\{(\w+)\}\}|\[\[(\w+)\]\]/g, (_all, name: string, key: string) =>
      String({ ...values, ...more }[name ?? key] ?? ''),
    )
  return (items ?? [''])
    .map((item) => fill({ item }))
    .map((filled) => (filled.startsWith('//') ? `https:${filled}` : filled))
}
