/** Checks command lines that documentation shows against the npm scripts and the command line as they are. */
import type { createProgram } from '../packages/cli/src/program.ts'

type Program = ReturnType<typeof createProgram>

export interface CommandLines {
  /** Of `package.json`. */
  scripts: Readonly<Record<string, string>>
  program: Program
}

/** What is wrong with a command line of this project; those of other programs are taken as they are. */
export function problemOf(words: readonly string[], { scripts, program }: CommandLines): string | undefined {
  const [file, verb = '', ...rest] = words
  if (file === 'miniapps') return problemOfCommand([verb, ...rest], program)
  if (file !== 'npm' || verb === 'ci') return undefined
  const name = verb === 'run' ? rest.find((word) => !word.startsWith('-')) : verb
  if (name === undefined || !Object.hasOwn(scripts, name)) return `there is no npm script "${name}"`
  const end = rest.indexOf('--')
  return name === 'miniapps' && end >= 0 ? problemOfCommand(rest.slice(end + 1), program) : undefined
}

function problemOfCommand(words: readonly string[], program: Program): string | undefined {
  let command = program
  const options = [...program.options]
  const args: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const next = args.length === 0 ? command.commands.find((one) => one.name() === word) : undefined
    if (next !== undefined) {
      command = next
      options.push(...next.options)
    } else if (word === '--help') return undefined
    else if (word.startsWith('-')) {
      const option = options.find(({ short, long }) => short === word || long === word)
      if (option === undefined) return `there is no option ${word}`
      if (option.required) index++
    } else args.push(word)
  }
  if (command.commands.length > 0) return `there is no command "${args[0] ?? ''}"`
  return problemOfArguments(args.length, command)
}

function problemOfArguments(count: number, { registeredArguments: expected }: Program): string | undefined {
  const least = expected.filter(({ required }) => required).length
  const most = expected.some(({ variadic }) => variadic) ? Number.POSITIVE_INFINITY : expected.length
  return count >= least && count <= most ? undefined : `it takes ${least} to ${most} arguments, not ${count}`
}
