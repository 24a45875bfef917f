import type { CompiledDefinition } from '../compile.ts'
import type { CompiledSource } from '../compile-source.ts'
import type { CompiledHttpStep, CompiledStep } from '../compile-step.ts'
import type { FieldRule, ResponseMapping, RuleObject } from '../document.ts'
import type { ResponseSource } from '../expression/mapping.ts'
import { isObject } from '../expression/own.ts'
import { type CompiledPath, compilePath } from '../expression/path.ts'
import { type Finding, finding } from '../rules/codes.ts'
import { pointerSegments, under } from '../schema/pointer.ts'
import { valueAt } from '../schema/walk.ts'
import { isInconclusive, neverMatches } from './never-matches.ts'

/** A definition that remembers which of its mapping entries have selected something. */
export interface WatchedDefinition {
  /** Does what the definition does. */
  compiled: CompiledDefinition
  /** Entries that were read and never selected anything (`mapping-never-matches`), by pointer. */
  findings(): Finding[]
}

export function watchMappings(compiled: CompiledDefinition): WatchedDefinition {
  const watch = new Watch()
  const step = (one: CompiledHttpStep) => watchStep(one, compiled, watch)
  const any = (one: CompiledStep) => (one.kind === 'http' ? step(one) : one)
  const { auth } = compiled
  return {
    compiled: {
      ...compiled,
      actions: mapValues(compiled.actions, (action) => ({ ...action, steps: action.steps.map(any) })),
      sources: mapValues(compiled.sources, (source) => watchSource(source, watch)),
      auth: {
        ...auth,
        getToken: auth.getToken && step(auth.getToken),
        testToken: auth.testToken && step(auth.testToken),
        userDetails: auth.userDetails && step(auth.userDetails),
        refreshToken: auth.refreshToken && step(auth.refreshToken),
        registrationRequests: auth.registrationRequests.map(step),
        unregistrationRequests: auth.unregistrationRequests.map(step),
      },
    },
    findings: () => watch.findings(),
  }
}

function mapValues<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  change: (value: Value) => Value,
): Map<Key, Value> {
  return new Map([...map].map(([key, value]) => [key, change(value)]))
}

/** What paths were tried on. */
interface Site {
  /** As the definition writes them; several are tried in order. */
  paths: readonly string[]
  /** The last value that they started at. */
  base: unknown
}

class Watch {
  readonly #unmatched = new Map<string, Site>()
  readonly #matched = new Set<string>()
  readonly #paths = new Map<string, CompiledPath>()

  /** Of a definition that compiled, so it parses. Compiled once: it is read for every item of every answer. */
  path(source: string): CompiledPath {
    const known = this.#paths.get(source) ?? compilePath(source)
    this.#paths.set(source, known)
    return known
  }

  saw(pointer: string, paths: readonly string[], base: unknown, value: unknown): void {
    if (this.#matched.has(pointer)) return
    if (value === undefined) {
      if (!paths.some((path) => isInconclusive(path, base))) this.#unmatched.set(pointer, { paths, base })
    } else {
      this.#matched.add(pointer)
      this.#unmatched.delete(pointer)
    }
  }

  findings(): Finding[] {
    return [...this.#unmatched].map(([pointer, site]) =>
      finding('mapping-never-matches', pointer, neverMatches(site.paths, site.base)),
    )
  }
}

function watchStep(
  step: CompiledHttpStep,
  { definition }: CompiledDefinition,
  watch: Watch,
): CompiledHttpStep {
  const pointer = under(step.pointer, 'mapping')
  const mapping = valueAt(definition, pointerSegments(pointer)) as ResponseMapping | undefined
  const { apply, ...mappingAsItIs } = step.mapping
  return {
    ...step,
    mapping: {
      ...mappingAsItIs,
      apply: (source, computed) => {
        watchResponse(mapping ?? {}, { pointer, source, watch })
        return apply(source, computed)
      },
    },
  }
}

interface ResponseSite {
  pointer: string
  source: ResponseSource
  watch: Watch
}

function watchResponse(mapping: ResponseMapping, { pointer, source, watch }: ResponseSite): void {
  const entry = (value: FieldRule, at: string, isOptional = false) => {
    if (typeof value === 'string' && !value.startsWith('$')) return
    watchRule(value, { pointer: at, source, root: source.body, isOptional, watch })
  }
  if (Array.isArray(mapping)) {
    for (const [index, { value, optional }] of mapping.entries()) {
      entry(value, under(pointer, index, 'value'), optional)
    }
  } else for (const [name, value] of Object.entries(mapping)) entry(value, under(pointer, name))
}

interface RuleSite {
  pointer: string
  /** Absent inside `mapItems`. */
  source?: ResponseSource
  root: unknown
  /** Nothing may be there: the author says so. */
  isOptional: boolean
  watch: Watch
}

/** Constants, computed values and what has a `default` are not watched; the fields of `mapItems` are. */
function watchRule(rule: FieldRule, site: RuleSite): void {
  if (typeof rule === 'string') watchPaths([rule], site)
  else if (isObject(rule)) watchRuleObject(rule, site)
}

function watchRuleObject(rule: RuleObject, site: RuleSite): void {
  const { path, paths = path === undefined ? [] : [path], default: fallback, source, fields } = rule
  const own = { ...site, isOptional: site.isOptional || fallback !== undefined }
  if (paths.length === 0) return
  if (source === 'header') watchHeader(paths[0] ?? '', own)
  else watchPaths(paths, own)
  const items =
    fields && paths.length === 1 && source !== 'header'
      ? site.watch.path(paths[0] ?? '').read(site.root)
      : undefined
  if (!Array.isArray(items)) return
  for (const item of items) {
    for (const [name, field] of Object.entries(fields ?? {})) {
      watchRule(field, {
        ...site,
        source: undefined,
        root: item,
        pointer: under(site.pointer, 'fields', name),
      })
    }
  }
}

function watchPaths(paths: readonly string[], { pointer, root, isOptional, watch }: RuleSite): void {
  if (isOptional) return
  const value = paths.map((path) => selectedBy(watch.path(path), root)).find((one) => one !== undefined)
  watch.saw(pointer, paths, root, value)
}

function watchHeader(name: string, { pointer, source, isOptional, watch }: RuleSite): void {
  if (isOptional || !source) return
  const { headers } = source
  watch.saw(pointer, [name], headers, Object.hasOwn(headers, name.toLowerCase()) ? true : undefined)
}

/** A path that can select several nodes and selects none has selected nothing. */
function selectedBy(path: CompiledPath, root: unknown): unknown {
  const value = path.read(root)
  return path.multiple && Array.isArray(value) && value.length === 0 ? undefined : value
}

function watchSource(source: CompiledSource, watch: Watch): CompiledSource {
  const watched = (path: CompiledPath, ...place: string[]): CompiledPath => ({
    ...path,
    read: (root, base) => {
      const value = path.read(root, base)
      watch.saw(under(source.pointer, ...place), [path.source], root, value)
      return value
    },
  })
  return {
    ...source,
    dataPath: source.dataPath && watched(source.dataPath, 'dataPath'),
    valueField: watched(source.valueField, 'valueField'),
    labelField: watched(source.labelField, 'labelField'),
    valueFields: new Map(
      [...source.valueFields].map(([ref, path]) => [ref, watched(path, 'valueFields', ref)]),
    ),
  }
}
