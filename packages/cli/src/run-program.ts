import { type Command, CommanderError } from 'commander'
import { CliError } from './cli-error.ts'
import { EXIT_CODES, type ExitName } from './exit-code.ts'
import type { Outcome } from './outcome.ts'
import { createPaint, wantsColour } from './paint.ts'
import { createProgram } from './program.ts'
import { renderError } from './render/error.ts'
import { callingDirectory } from './shell.ts'

export interface Streams {
  stdout: { write(text: string): unknown; isTTY?: boolean }
  stderr: { write(text: string): unknown; isTTY?: boolean }
  /** Absent: nobody answers. */
  stdin?: { isTTY?: boolean }
}

/**
 * Runs one command line and prints what came of it: a result on standard output, an error on standard error; with
 * `--json` always exactly one JSON document on standard output.
 *
 * @param args without the program's own name
 * @returns the exit status; never rejects
 */
export async function runProgram(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { stdout, stderr, stdin }: Streams,
): Promise<number> {
  const outcomes: Outcome[] = []
  const complaints: string[] = []
  const finish = (outcome: Outcome) => void outcomes.push(outcome)
  // Questions would spoil the one document that a machine reads.
  const isTerminal = Boolean(stdin?.isTTY && stderr.isTTY) && !args.includes('--json')
  const say = (line: string) => void stderr.write(`${line}\n`)
  const program = createProgram({ env, directory: callingDirectory(env), isTerminal, say, finish })
  const colours = {
    out: wantsColour(stdout.isTTY ?? false, env),
    err: wantsColour(stderr.isTTY ?? false, env),
  }
  everyCommand(program, (command) =>
    command.exitOverride().configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => complaints.push(text),
      getOutHasColors: () => colours.out,
      getErrHasColors: () => colours.err,
    }),
  )
  const json = () => program.opts<{ json?: boolean }>().json ?? args.includes('--json')
  const fail = (error: CliError) => {
    if (json()) stdout.write(toJson({ error: errorDocument(error) }))
    else stderr.write(`${renderError(error, createPaint(colours.err))}\n`)
    return EXIT_CODES[error.exit].status
  }
  try {
    await program.parseAsync(args, { from: 'user' })
    const [outcome] = outcomes
    if (outcome === undefined) throw new Error('The command ended without a result.')
    if (outcome.isPrinted) return EXIT_CODES[outcome.exit].status
    if (json()) stdout.write(toJson(outcome.document))
    else stdout.write(`${outcome.text(createPaint(colours.out))}\n`)
    return EXIT_CODES[outcome.exit].status
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return fail(asCliError(thrown))
    if (thrown.exitCode === 0) return EXIT_CODES.ok.status
    // Help in the place of a command that is missing.
    if (thrown.code === 'commander.help' && !json()) {
      stderr.write(complaints.join(''))
      return EXIT_CODES.usage.status
    }
    return fail(usageError(thrown, program, args))
  }
}

function everyCommand(command: Command, change: (command: Command) => void): void {
  change(command)
  for (const child of command.commands) everyCommand(child, change)
}

/** Commander's own words, without their prefix, and the way to the help of the command that was meant. */
function usageError(error: CommanderError, program: Command, args: readonly string[]): CliError {
  const path = ['miniapps']
  let command = program
  for (const arg of args.filter((one) => !one.startsWith('-'))) {
    const child = command.commands.find((candidate) => candidate.name() === arg)
    if (child === undefined) break
    command = child
    path.push(arg)
  }
  const help = `${path.join(' ')} --help`
  if (error.code === 'commander.help') {
    const names = command.commands.map((child) => child.name())
    return new CliError('usage', `${path.join(' ')} needs a command: ${names.join(', ')}.`, { next: [help] })
  }
  // Commander repeats arguments that are too many; one may be a secret that lost its option.
  const said = error.message
    .replace(/^error: /, '')
    .replace(/^(too many arguments.*? but got \d+):.*$/s, '$1.')
  const [message = '', ...suggestion] = said.split('\n')
  return new CliError('usage', `${message.charAt(0).toUpperCase()}${message.slice(1)}`, {
    next: [...suggestion.map((line) => line.replace(/^\(|\)$/g, '')), help],
  })
}

function asCliError(error: unknown): CliError {
  if (error instanceof CliError) return error
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new CliError('internal', `The command line itself failed. ${reason}`, { cause: error })
}

function errorDocument({ exit, message, next, code, requestId, details }: CliError): object {
  const kind: ExitName = exit
  return { kind, code, message, next, requestId, details }
}

function toJson(document: unknown): string {
  return `${JSON.stringify(document, undefined, 2)}\n`
}
