import { JSONPathEnvironment, type JSONPathQuery, jsonpath } from 'json-p3'
import { isObject, readOwn } from './own.ts'
import { COMPARISONS } from './path-compare.ts'
import { MAX_VISITED_NODES, type Run, spend, TooMuchWork } from './path-work.ts'
import { createPatternTest } from './pattern.ts'

/**
 * JSONPath (RFC 9535) beyond the fast forms. json-p3 parses and type-checks the query; the evaluation is ours: it reads
 * own properties only, needs no recursion for `..`, takes arrays of any length, and stops at a bound of work.
 */
export interface CompiledQuery {
  /** Not a singular query in the sense of RFC 9535 2.3.5.1. */
  readonly multiple: boolean
  /** `root` is what `$` inside a filter means, `start` what the query is applied to. Never throws. */
  read(root: unknown, start: unknown): unknown
}

const environment = new JSONPathEnvironment()
const { expressions, selectors } = jsonpath

/** @throws json-p3's errors, with `token.index` where the query stops making sense. */
export function compileQuery(source: string): CompiledQuery {
  const query = environment.compile(source)
  const multiple = !query.singularQuery()
  const select = compileSegments(query)
  return {
    multiple,
    read(root, start) {
      const run: Run = { root, left: MAX_VISITED_NODES }
      try {
        const nodes = select(start, run)
        return multiple ? nodes : nodes[0]
      } catch (error) {
        if (error instanceof TooMuchWork) return undefined
        throw error
      }
    },
  }
}

type Select = (start: unknown, run: Run) => unknown[]
/** Adds what it selects among the children of `node`. */
type Selector = (node: unknown, run: Run, selected: unknown[]) => void
type Test = (current: unknown, run: Run) => boolean
/** `undefined` is the RFC's "Nothing". */
type Operand = (current: unknown, run: Run) => unknown

function compileSegments(query: JSONPathQuery): Select {
  const segments = query.segments.map((segment) => {
    const steps = segment.selectors.map(compileSelector)
    const descends = segment.toString({ form: 'canonical' }).startsWith('..')
    return { steps, visit: descends ? visitDescendants : visitOnce }
  })
  return (start, run) => {
    let nodes = [start]
    for (const { steps, visit } of segments) {
      const selected: unknown[] = []
      for (const node of nodes)
        visit(node, run, (visited) => {
          for (const step of steps) step(visited, run, selected)
        })
      nodes = selected
    }
    return nodes
  }
}

type Visit = (node: unknown, run: Run, onNode: (node: unknown) => void) => void

const visitOnce: Visit = (node, run, onNode) => {
  spend(run, 1)
  onNode(node)
}

/** The node and everything below it, parents before children, in document order. */
const visitDescendants: Visit = (node, run, onNode) => {
  const waiting = [node]
  while (waiting.length > 0) {
    const current = waiting.pop()
    spend(run, 1)
    onNode(current)
    const children = childrenOf(current)
    for (let index = children.length - 1; index >= 0; index--) waiting.push(children[index])
  }
}

function childrenOf(node: unknown): readonly unknown[] {
  if (Array.isArray(node)) return node
  return isObject(node) ? Object.values(node) : []
}

type ParsedSelector = JSONPathQuery['segments'][number]['selectors'][number]

function compileSelector(selector: ParsedSelector): Selector {
  if (selector instanceof selectors.NameSelector) return nameSelector(selector.name)
  if (selector instanceof selectors.IndexSelector) return indexSelector(selector.index)
  if (selector instanceof selectors.SliceSelector) return sliceSelector(selector)
  if (selector instanceof selectors.WildcardSelector) return wildcardSelector
  if (selector instanceof selectors.FilterSelector) return filterSelector(compileTest(selector.expression))
  throw new Error(`no such selector: ${selector}`)
}

function nameSelector(name: string): Selector {
  return (node, _run, selected) => {
    const value = readOwn(node, name)
    if (value !== undefined) selected.push(value)
  }
}

function indexSelector(index: number): Selector {
  return (node, _run, selected) => {
    if (!Array.isArray(node)) return
    const at = index < 0 ? node.length + index : index
    if (at >= 0 && at < node.length) selected.push(node[at])
  }
}

/** RFC 9535 2.3.4.2.2. */
function sliceSelector(slice: { start?: number; stop?: number; step?: number }): Selector {
  const step = slice.step ?? 1
  return (node, run, selected) => {
    if (!Array.isArray(node) || step === 0) return
    const length = node.length
    const bound = (at: number, low: number, high: number) =>
      Math.min(Math.max(at < 0 ? length + at : at, low), high)
    const before = selected.length
    if (step > 0) {
      const end = bound(slice.stop ?? length, 0, length)
      for (let at = bound(slice.start ?? 0, 0, length); at < end; at += step) selected.push(node[at])
    } else {
      const end = slice.stop === undefined ? -1 : bound(slice.stop, -1, length - 1)
      for (let at = bound(slice.start ?? length - 1, -1, length - 1); at > end; at += step)
        selected.push(node[at])
    }
    spend(run, selected.length - before)
  }
}

const wildcardSelector: Selector = (node, run, selected) => {
  const children = childrenOf(node)
  spend(run, children.length)
  for (const child of children) selected.push(child)
}

function filterSelector(test: Test): Selector {
  return (node, run, selected) => {
    const children = childrenOf(node)
    spend(run, children.length)
    for (const child of children) if (test(child, run)) selected.push(child)
  }
}

type Expression = InstanceType<typeof expressions.LogicalExpression>['expression']

function compileTest(expression: Expression): Test {
  if (expression instanceof expressions.LogicalExpression) return compileTest(expression.expression)
  if (expression instanceof expressions.PrefixExpression) {
    const negated = compileTest(expression.right)
    return (current, run) => !negated(current, run)
  }
  if (expression instanceof expressions.InfixExpression) return compileInfix(expression)
  if (expression instanceof expressions.FunctionExtension) {
    const call = compileFunction(expression)
    return (current, run) => call(current, run) === true
  }
  const select = compileFilterQuery(expression)
  return (current, run) => select(current, run).length > 0
}

function compileInfix(expression: InstanceType<typeof expressions.InfixExpression>): Test {
  const { operator } = expression
  if (operator === '&&' || operator === '||') {
    const left = compileTest(expression.left)
    const right = compileTest(expression.right)
    return operator === '&&'
      ? (current, run) => left(current, run) && right(current, run)
      : (current, run) => left(current, run) || right(current, run)
  }
  const left = compileOperand(expression.left)
  const right = compileOperand(expression.right)
  const compare = COMPARISONS[operator as keyof typeof COMPARISONS]
  return (current, run) => compare(left(current, run), right(current, run))
}

function compileOperand(expression: Expression): Operand {
  if (expression instanceof expressions.FunctionExtension) return compileFunction(expression)
  if (expression instanceof expressions.NullLiteral) return () => null
  if (isLiteral(expression)) {
    const { value } = expression
    return () => value
  }
  const select = compileFilterQuery(expression)
  return (current, run) => select(current, run)[0]
}

function isLiteral(expression: Expression): expression is Expression & { value: string | number | boolean } {
  return (
    expression instanceof expressions.StringLiteral ||
    expression instanceof expressions.NumberLiteral ||
    expression instanceof expressions.BooleanLiteral
  )
}

function compileFilterQuery(expression: Expression): Select {
  if (expression instanceof expressions.RelativeQuery) return compileSegments(expression.path)
  if (expression instanceof expressions.RootQuery) {
    const select = compileSegments(expression.path)
    return (_current, run) => select(run.root, run)
  }
  throw new Error(`no such filter expression: ${expression}`)
}

type Arguments = readonly Expression[]

/** The function extensions of RFC 9535 2.4; the parser has already checked names, counts and types of arguments. */
const FUNCTIONS: Record<string, (args: Arguments) => Operand> = {
  length: ([value]) => {
    const operand = compileOperand(value as Expression)
    return (current, run) => lengthOf(operand(current, run))
  },
  count: ([nodes]) => {
    const select = compileFilterQuery(nodes as Expression)
    return (current, run) => select(current, run).length
  },
  value: ([nodes]) => {
    const select = compileFilterQuery(nodes as Expression)
    return (current, run) => {
      const selected = select(current, run)
      return selected.length === 1 ? selected[0] : undefined
    }
  },
  match: (args) => patternFunction('match', args),
  search: (args) => patternFunction('search', args),
}

function compileFunction(call: InstanceType<typeof expressions.FunctionExtension>): Operand {
  const build = FUNCTIONS[call.name]
  if (build === undefined) throw new Error(`no such function: ${call.name}`)
  return build(call.args)
}

function patternFunction(kind: 'match' | 'search', [text, pattern]: Arguments): Operand {
  const readText = compileOperand(text as Expression)
  const readPattern = compileOperand(pattern as Expression)
  const test = createPatternTest(kind)
  return (current, run) => test(readText(current, run), readPattern(current, run))
}

/** In Unicode scalar values (RFC 9535 2.4.4). */
function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string') return [...value].length
  if (Array.isArray(value)) return value.length
  return isObject(value) ? Object.keys(value).length : undefined
}
