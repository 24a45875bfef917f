import type { RuleObject, TransformName } from '../schema/mapping.ts'
import { DefinitionError } from './definition-error.ts'
import { readOwn } from './own.ts'
import { type CompiledPath, compilePath, PathError } from './path.ts'
import type { CompiledRule, RuleSite, Subject } from './subject.ts'

export function readPath(path: CompiledPath): CompiledRule {
  return { read: ({ root, base }) => path.read(root, base) }
}

/** @throws DefinitionError */
export function parsePath(source: string, pointer: string): CompiledPath {
  try {
    return compilePath(source)
  } catch (cause) {
    if (cause instanceof PathError) throw new DefinitionError(pointer, cause.message, { cause })
    throw cause
  }
}

export interface Origin extends CompiledRule {
  /** The path can select several nodes. */
  multiple: boolean
  /** Leading transforms that the origin itself has carried out. */
  transformsDone: number
}

/** Where the value comes from, before any transform. */
export function compileOrigin(rule: RuleObject, names: readonly TransformName[], site: RuleSite): Origin {
  const source = site.isResponse ? readOwn(rule, 'source') : undefined
  if (source === 'status') return { read: ({ status }) => status, multiple: false, transformsDone: 0 }
  const parse = source === 'header' ? readHeader : (path: string) => parsePath(path, site.pointer)
  const paths = readOwn(rule, 'paths') as string[] | undefined
  if (paths !== undefined) {
    return {
      read: coalesce(paths.map(parse)),
      multiple: false,
      transformsDone: names[0] === 'coalesce' ? 1 : 0,
    }
  }
  const path = readOwn(rule, 'path') as string | undefined
  if (path !== undefined) {
    const parsed = parse(path)
    return {
      read: ({ root, base, headers }) => parsed.read(root, base, headers),
      multiple: parsed.multiple,
      transformsDone: 0,
    }
  }
  if (!Object.hasOwn(rule, 'value')) {
    throw new DefinitionError(site.pointer, 'a rule has "path", "paths", "value" or the transform "compute"')
  }
  const { value } = rule
  return { read: () => value, multiple: false, transformsDone: 0 }
}

/** A path, or a header's name read like one. */
interface Readable {
  readonly multiple: boolean
  read(root: unknown, base: unknown, headers: Subject['headers']): unknown
}

function readHeader(name: string): Readable {
  const key = name.toLowerCase()
  return { multiple: false, read: (_root, _base, headers) => readOwn(headers, key) }
}

/** The first value that is neither missing, `null` nor `""`. */
function coalesce(paths: readonly Readable[]): CompiledRule['read'] {
  return ({ root, base, headers }) => {
    for (const path of paths) {
      const value = path.read(root, base, headers)
      if (value !== undefined && value !== null && value !== '') return value
    }
    return undefined
  }
}
