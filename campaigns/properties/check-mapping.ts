import { MiniAppError } from '../../packages/miniapp/src/errors.ts'
import { DefinitionError } from '../../packages/miniapp/src/expression/definition-error.ts'
import {
  type ComputeCall,
  compileRecordMapping,
  compileResponseMapping,
} from '../../packages/miniapp/src/expression/mapping.ts'
import {
  type FieldRule,
  type RuleObject,
  TRANSFORM_NAMES,
} from '../../packages/miniapp/src/schema/mapping.ts'
import { KEYS, randomObject, randomPath, randomScalar, randomValue } from './documents.ts'
import type { Random } from './random.ts'
import { attempt, checkResult, checkText, Violation } from './violation.ts'

/**
 * One document, one mapping of each kind: compiling throws `DefinitionError` or nothing; mapping a record never throws;
 * mapping a response throws `EXTERNAL_API_ERROR`, for an entry without a value, or nothing.
 */
export function checkMapping(random: Random): void {
  checkRecord(random)
  checkResponse(random)
}

function checkRecord(random: Random): void {
  const rules = randomRules(random, 2)
  const what = `the record rules ${JSON.stringify(rules)}`
  const mapping = attempt(
    `compiling ${what}`,
    () => compileRecordMapping(rules, '/mapping'),
    isDefinitionError,
  )
  if (mapping === undefined) return
  const root = randomValue(random, 4)
  const base = random.chance(0.5) ? root : randomObject(random)
  const calls = attempt(what, () => mapping.computeCalls(root, base)) ?? []
  const applied = attempt(what, () => mapping.apply(root, base, computedFor(calls, random)))
  checkResult(what, applied)
  for (const { field, message } of applied?.errors ?? []) checkNote(what, field, message)
}

function checkResponse(random: Random): void {
  const mapping = random.chance(0.5)
    ? randomRules(random, 2, true)
    : random.list(4, () => ({
        name: random.pick(KEYS),
        value: randomRule(random, 2, true),
        ...(random.chance(0.5) ? { optional: true } : {}),
      }))
  const what = `the response mapping ${JSON.stringify(mapping)}`
  const compiled = attempt(
    `compiling ${what}`,
    () => compileResponseMapping(mapping, '/mapping'),
    isDefinitionError,
  )
  if (compiled === undefined) return
  const source = { body: randomValue(random, 4), headers: { 'x-id': '7', __proto__: 'own' }, status: 200 }
  const calls = attempt(what, () => compiled.computeCalls(source)) ?? []
  const applied = attempt(what, () => compiled.apply(source, computedFor(calls, random)), isMissingEntry)
  checkResult(what, applied)
}

function isDefinitionError(error: unknown): boolean {
  return error instanceof DefinitionError
}

function isMissingEntry(error: unknown): boolean {
  return error instanceof MiniAppError && error.code === 'EXTERNAL_API_ERROR'
}

function checkNote(what: string, field: string, message: string): void {
  checkText(what, message)
  if (!message.includes(field))
    throw new Violation('wrong', `${what} gave a note that does not name its field`)
}

function computedFor(calls: readonly ComputeCall[], random: Random): Map<string, unknown> {
  const results = () =>
    random.pick([{ value: randomScalar(random) }, {}, new Error('the function failed'), undefined])
  return new Map(calls.map(({ id }) => [id, results()]))
}

function randomRules(random: Random, depth: number, isResponse = false): Record<string, FieldRule> {
  return Object.fromEntries(random.list(4, () => [random.pick(KEYS), randomRule(random, depth, isResponse)]))
}

function randomRule(random: Random, depth: number, isResponse = false): FieldRule {
  const kind = random.below(6)
  if (kind < 2) return randomPath(random)
  if (kind === 2) return random.pick([7, true, null])
  return {
    ...(kind === 3
      ? { paths: [randomPath(random), ...random.list(2, () => randomPath(random))] }
      : randomOrigin(random)),
    ...(random.chance(0.8) ? { transform: random.list(2, () => random.pick(TRANSFORM_NAMES)) } : {}),
    ...(random.chance(0.2) ? { default: randomScalar(random) } : {}),
    ...(isResponse && random.chance(0.2)
      ? { source: random.pick(['header', 'status', 'body'] as const) }
      : {}),
    ...randomSettings(random, depth),
  }
}

function randomOrigin(random: Random): RuleObject {
  return random.chance(0.9) ? { path: randomPath(random) } : { value: randomScalar(random) }
}

function randomSettings(random: Random, depth: number): RuleObject {
  return {
    ...(random.chance(0.2) ? { separator: random.pick(['', '|', ', ']) } : {}),
    ...(random.chance(0.2) ? { scale: random.pick([0, 3, 18, -1, 1.5]) } : {}),
    ...(random.chance(0.2) ? { timezone: random.pick(['Asia/Riyadh', '+05:30', 'Nowhere/City']) } : {}),
    ...(random.chance(0.2) ? { country: random.pick(['SA', 'us', 'XX']) } : {}),
    ...(random.chance(0.3) && depth > 0 ? { fields: randomRules(random, depth - 1) } : {}),
    ...(random.chance(0.3) ? { fn: 'compute' } : {}),
    ...(random.chance(0.2) && depth > 0 ? { args: randomRules(random, depth - 1) } : {}),
  }
}
