import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** The code of each App Function is the body of a function that can return an object (4.3). */
export const functionsParse: Rule = ({ survey, report }) => {
  for (const [name, { pointer, value }] of survey.functions) {
    if (value === undefined) continue
    const fault = syntaxFault(value.params, value.code)
    if (fault !== undefined) {
      report(
        'function-does-not-parse',
        under(pointer, 'code'),
        `The code of \`${name}\` is no JavaScript: ${fault}. It is the body of a function with the parameters (${value.params.join(', ')}).`,
      )
    } else if (isExpression(value) || !/\b(?:return|throw)\b/.test(value.code)) {
      report(
        'function-returns-nothing',
        under(pointer, 'code'),
        `The code of \`${name}\` returns nothing, and a function must return an object; end it with \`return { … }\`.`,
      )
    }
  }
}

/** A body that is one expression, such as a whole function, makes a value and returns nothing. */
function isExpression({ params, code }: { params: readonly string[]; code: string }): boolean {
  return !/^\s*throw\b/.test(code) && syntaxFault(params, `return (\n${code}\n)`) === undefined
}

/**
 * Compiles exactly as the sandbox does (`evaluate-function-prelude.ts`), and never calls what comes out. Parameters and
 * body are parsed each for itself (ECMA-262, 20.2.1.1.1), so that no text can break out and run.
 *
 * @returns `undefined` where there is none, or where making functions is forbidden, as a page's security policy may
 */
function syntaxFault(params: readonly string[], code: string): string | undefined {
  try {
    Reflect.construct(Function, [...params, code])
    return undefined
  } catch (error) {
    return error instanceof SyntaxError ? error.message : undefined
  }
}
