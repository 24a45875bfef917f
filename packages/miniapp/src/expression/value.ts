import { under } from '../schema/pointer.ts'
import { DefinitionError } from './definition-error.ts'
import { isObject, objectBuilder, type Rec } from './own.ts'
import { createCredentialScope, type InputScope, type Scopes } from './scope.ts'
import { compileText, type PlaceholderRef, type TemplateSite } from './template.ts'

/** Levels of a template; documents are refused at the same depth when they come in. */
export const MAX_TEMPLATE_DEPTH = 100

export interface CompiledValue {
  readonly placeholders: readonly PlaceholderRef[]
  /**
   * The template with its values; `undefined` where the whole template is one placeholder that does not resolve.
   * Parts without placeholders, and values that were put in, are shared with their source: read them only.
   *
   * @throws MiniAppError `NOT_CONFIGURED` for a `[[key]]` without a value.
   */
  render(scopes: Scopes): unknown
}

export interface CompiledArgs {
  readonly placeholders: readonly PlaceholderRef[]
  /** Arguments whose whole value does not resolve are left out. */
  render(input: InputScope): Rec
}

/**
 * Compiles placeholders in every string of a JSON value (specification 2.1). Property names are never expanded. A
 * property whose whole value does not resolve is left out, an array element is dropped. `site` is the JSON Pointer of
 * a body, or says where else the template stands.
 *
 * @throws DefinitionError where the template is nested too deeply.
 */
export function compileValue(template: unknown, site: string | TemplateSite): CompiledValue {
  return compileNode(
    template,
    typeof site === 'string' ? { pointer: site, place: 'body', where: 'the body' } : site,
    0,
  )
}

/**
 * Compiles the arguments of an App Function. They resolve from input scope only: a credential can neither be written
 * in the template nor passed to `render`.
 *
 * @throws DefinitionError for a `[[key]]`.
 */
export function compileArgs(args: Record<string, unknown>, pointer: string): CompiledArgs {
  const site: TemplateSite = { pointer, place: 'args', where: 'the arguments of the function' }
  const { placeholders, render } = compileNode(args, site, 0)
  const credential = placeholders.find((placeholder) => placeholder.syntax === 'credential')
  if (credential !== undefined) {
    throw new DefinitionError(
      credential.pointer,
      `[[${credential.key}]] cannot be passed to a function: functions never see credentials`,
    )
  }
  return { placeholders, render: (input) => render({ input, credential: NO_CREDENTIALS }) as Rec }
}

const NO_CREDENTIALS = createCredentialScope({ credentials: {}, metadata: {}, config: {} })

type Render = (scopes: Scopes) => unknown

interface Node {
  placeholders: readonly PlaceholderRef[]
  render: Render
}

function compileNode(template: unknown, site: TemplateSite, depth: number): Node {
  if (depth > MAX_TEMPLATE_DEPTH) {
    throw new DefinitionError(
      site.pointer,
      `${site.where} is nested more than ${MAX_TEMPLATE_DEPTH} levels deep`,
    )
  }
  if (typeof template === 'string') return compileString(template, site)
  if (Array.isArray(template)) return compileArray(template, site, depth)
  if (isObject(template)) return compileObject(template, site, depth)
  return { placeholders: [], render: () => template }
}

function compileString(template: string, site: TemplateSite): Node {
  const { placeholders, constant, whole, text } = compileText(template, site)
  return { placeholders, render: constant === undefined ? (whole ?? text) : () => constant }
}

function compileArray(template: readonly unknown[], site: TemplateSite, depth: number): Node {
  const nodes = template.map((element, index) => compileNode(element, childSite(site, index), depth + 1))
  const placeholders = nodes.flatMap((node) => node.placeholders)
  if (placeholders.length === 0) return { placeholders, render: () => template }
  return {
    placeholders,
    render: (scopes) => {
      const elements: unknown[] = []
      for (const node of nodes) {
        const element = node.render(scopes)
        if (element !== undefined) elements.push(element)
      }
      return elements
    },
  }
}

function compileObject(template: Rec, site: TemplateSite, depth: number): Node {
  const keys = Object.keys(template)
  const nodes = keys.map((key) => compileNode(template[key], childSite(site, key), depth + 1))
  const placeholders = nodes.flatMap((node) => node.placeholders)
  if (placeholders.length === 0) return { placeholders, render: () => template }
  const render = objectBuilder<Scopes>(
    keys,
    nodes.map((node) => node.render),
  )
  return { placeholders, render }
}

function childSite(site: TemplateSite, key: string | number): TemplateSite {
  return { ...site, pointer: under(site.pointer, key) }
}
