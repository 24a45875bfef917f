import { compileExpiry } from './compile-expiry.ts'
import { type CompiledHttpStep, compiledPath, compileHttpStep } from './compile-step.ts'
import type { Definition, SourceDefinition } from './document.ts'
import { rootNameOf } from './expression/key.ts'
import { isObject } from './expression/own.ts'
import type { CompiledPath } from './expression/path.ts'
import { type CompiledPagination, compilePagination } from './run/pagination.ts'
import { under } from './schema/pointer.ts'

export interface CompiledSource {
  /** `rpc_…` */
  key: string
  pointer: string
  step: CompiledHttpStep
  /** The only names of `params` that reach the templates (specification 4.5). */
  params: ReadonlySet<string>
  /** The parameter whose text goes into the query under its own name: no template of the source names it. */
  sentSearchParam: string | undefined
  /** `undefined`: the root of the answer is the list. */
  dataPath: CompiledPath | undefined
  /** Relative to the item. */
  valueField: CompiledPath
  labelField: CompiledPath
  /** Other value fields, by `sourceRef`. */
  valueFields: ReadonlyMap<string, CompiledPath>
  pagination: CompiledPagination | undefined
}

/** @throws DefinitionError */
export function compileSources(definition: Definition): ReadonlyMap<string, CompiledSource> {
  const isExpired = compileExpiry(definition.auth)
  const dependencies = new Map<string, Set<string>>()
  for (const action of definition.actions ?? []) collectDependencies(action.parameters, dependencies)
  return new Map(
    Object.entries(definition.source ?? {}).map(([key, source]) => [
      key,
      compileSource(key, source, { dependsOn: dependencies.get(key) ?? new Set(), isExpired }),
    ]),
  )
}

function compileSource(
  key: string,
  source: SourceDefinition,
  { dependsOn, isExpired }: { dependsOn: ReadonlySet<string>; isExpired: CompiledHttpStep['isExpired'] },
): CompiledSource {
  const pointer = under('/source', key)
  const { dataPath, searchParam } = source
  const step = compileHttpStep(source, { pointer, index: 0, isExpired })
  const fields = Object.entries(source.valueFields ?? {})
  return {
    key,
    pointer,
    step,
    params: new Set([...dependsOn, ...(searchParam === undefined ? [] : [searchParam])]),
    sentSearchParam: searchParam === undefined || isNamed(searchParam, step) ? undefined : searchParam,
    dataPath:
      dataPath === undefined || dataPath === '' || dataPath === '$'
        ? undefined
        : compiledPath(dataPath, `${pointer}/dataPath`),
    valueField: compiledPath(source.valueField, `${pointer}/valueField`),
    labelField: compiledPath(source.labelField, `${pointer}/labelField`),
    valueFields: new Map(
      fields.map(([ref, path]) => [ref, compiledPath(path, under(`${pointer}/valueFields`, ref))]),
    ),
    pagination: source.pagination && compilePagination(source.pagination, `${pointer}/pagination`),
  }
}

function isNamed(name: string, step: CompiledHttpStep): boolean {
  return step.placeholders.some(({ syntax, key }) => syntax === 'input' && rootNameOf(key) === name)
}

/** Every parameter with an `x-source`, at any depth of the schema, with what its options depend on. */
function collectDependencies(schema: unknown, dependencies: Map<string, Set<string>>): void {
  if (Array.isArray(schema)) {
    for (const part of schema) collectDependencies(part, dependencies)
    return
  }
  if (!isObject(schema)) return
  const { 'x-source': source, 'x-depends-on': dependsOn } = schema
  if (typeof source === 'string' && Array.isArray(dependsOn)) {
    const names = dependencies.get(source) ?? new Set()
    for (const name of dependsOn) names.add(String(name))
    dependencies.set(source, names)
  }
  for (const part of Object.values(schema)) collectDependencies(part, dependencies)
}
