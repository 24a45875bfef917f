import type { Definition } from 'miniapp'
import type { ListedSource } from './source.ts'

/** The sources that a definition declares, with what they take and which parameters show them. */
export function listedSources({
  source = {},
  actions = [],
}: Pick<Definition, 'source' | 'actions'>): ListedSource[] {
  const uses = actions.flatMap(({ name, parameters }) =>
    Object.entries(parameters?.properties ?? {}).flatMap(([parameter, schema]) =>
      sourceNames(schema).map(({ key, dependsOn }) => ({ key, dependsOn, place: `${name}.${parameter}` })),
    ),
  )
  return Object.entries(source).map(([key, { searchParam }]) => {
    const own = uses.filter((use) => use.key === key)
    const params = new Set([
      ...own.flatMap((use) => use.dependsOn),
      ...(searchParam === undefined ? [] : [searchParam]),
    ])
    return { key, params: [...params], usedBy: own.map(({ place }) => place) }
  })
}

/** At any depth of a parameter's schema. */
function sourceNames(schema: unknown): { key: string; dependsOn: string[] }[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { 'x-source': key, 'x-depends-on': dependsOn } = schema as Record<string, unknown>
  const here =
    typeof key === 'string' ? [{ key, dependsOn: Array.isArray(dependsOn) ? dependsOn.map(String) : [] }] : []
  return [...here, ...Object.values(schema).flatMap(sourceNames)]
}
