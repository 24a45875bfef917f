import { stripTypeScriptTypes } from 'node:module'
import { type Expression, type Node, type ObjectExpression, type Program, parse } from 'acorn'
import { pointerSegments } from 'miniapp/validate'
import type { Locate, Span } from './source-document.ts'

interface Member {
  name?: Node
  value: Expression
}

/**
 * Where the parts of a module's default export stand, as far as they are written out there: through names of constants of
 * the module, calls with the object as first argument (`defineMiniApp({ … })`) and type assertions. What is computed,
 * imported or spread is at the place of the nearest part around it that is written out.
 *
 * @param text of the module; where it cannot be read here (Node could, or it would not have run), nothing is found
 */
export function locateInModule(text: string, { typescript }: { typescript: boolean }): Locate {
  const program = readProgram(text, typescript)
  const root = program && exportedOf(program)
  if (program === undefined || root === undefined) return () => undefined
  const constants = constantsOf(program)
  return (pointer, part) => {
    let found: Member = { value: root }
    for (const segment of pointerSegments(pointer)) {
      const next = childOf(resolved(found.value, constants), segment)
      // At the name, like in other formats; a list's element has none and is as long as what it holds.
      if (next === undefined) return spanOf(found.name ?? openingOf(resolved(found.value, constants)))
      found = next
    }
    return spanOf(part === 'name' ? (found.name ?? found.value) : found.value)
  }
}

/** Types become white space of the same length, so that every place stays where it was. */
function readProgram(text: string, typescript: boolean): Program | undefined {
  try {
    const script = typescript ? stripTypeScriptTypes(text) : text
    return parse(script, { ecmaVersion: 'latest', sourceType: 'module' })
  } catch {
    return undefined
  }
}

function exportedOf(program: Program): Expression | undefined {
  for (const node of program.body) {
    if (node.type !== 'ExportDefaultDeclaration') continue
    const { declaration } = node
    const isExpression = !declaration.type.endsWith('Declaration')
    return isExpression ? (declaration as Expression) : undefined
  }
  return undefined
}

function constantsOf(program: Program): ReadonlyMap<string, Expression> {
  const declared = program.body.flatMap((node) => {
    const statement = node.type === 'ExportNamedDeclaration' ? node.declaration : node
    return statement?.type === 'VariableDeclaration' && statement.kind === 'const'
      ? statement.declarations
      : []
  })
  return new Map(
    declared.flatMap(({ id, init }) => (id.type === 'Identifier' && init ? [[id.name, init] as const] : [])),
  )
}

/** Names that lead to names; more of them lead in a circle. */
const MAX_HOPS = 20

/** What an expression stands for, where the module says so. */
function resolved(expression: Expression, constants: ReadonlyMap<string, Expression>): Expression {
  let current = expression
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const next = stepOf(current, constants)
    if (next === undefined) return current
    current = next
  }
  return current
}

function stepOf(expression: Expression, constants: ReadonlyMap<string, Expression>): Expression | undefined {
  if (expression.type === 'Identifier') return constants.get(expression.name)
  if (expression.type === 'ParenthesizedExpression') return expression.expression
  if (expression.type !== 'CallExpression') return undefined
  const [first] = expression.arguments
  return first === undefined || first.type === 'SpreadElement' ? undefined : first
}

function childOf(owner: Expression, segment: string): Member | undefined {
  if (owner.type === 'ObjectExpression') return memberOf(owner, segment)
  if (owner.type !== 'ArrayExpression' || !/^\d+$/.test(segment)) return undefined
  const before = owner.elements.slice(0, Number(segment) + 1)
  // After a spread nobody knows which element is which.
  const value = before.some((one) => one?.type === 'SpreadElement') ? undefined : before[Number(segment)]
  return value && value.type !== 'SpreadElement' ? { value } : undefined
}

function memberOf(object: ObjectExpression, name: string): Member | undefined {
  // The last one counts, as it does for JavaScript.
  for (const property of object.properties.toReversed()) {
    if (property.type === 'SpreadElement') return undefined
    const { key, value, computed } = property
    if (computed) continue
    const written =
      key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined
    if (written === name) return { name: key, value }
  }
  return undefined
}

/** The bracket of an object or a list: marking all of it would mark a page. */
function openingOf(expression: Expression): Node {
  const isOpened = expression.type === 'ObjectExpression' || expression.type === 'ArrayExpression'
  return isOpened ? { ...expression, end: expression.start + 1 } : expression
}

function spanOf({ start, end }: Node): Span {
  return { offset: start, length: end - start }
}
