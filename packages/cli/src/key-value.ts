import { CliError } from './cli-error.ts'

export interface PairOptions {
  /** As on the command line, `--input`. */
  option: string
  /** Shown in the message about a pair that is none. */
  example: string
}

/**
 * Reads `key=value` pairs; the value may hold further `=` and be empty, and the last of equal keys wins.
 *
 * @throws CliError that does not repeat the argument: it may be a secret that lost its key
 */
export function readPairs(
  pairs: readonly string[],
  { option, example }: PairOptions,
): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair, index) => {
      const [, key, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
      if (key !== undefined && value !== undefined) return [key.trim(), value]
      const which = pairs.length > 1 ? `The ${option} at place ${index + 1}` : option
      throw new CliError('usage', `${which} is not of the form key=value.`, {
        next: [`For example ${option} ${example}`],
      })
    }),
  )
}

/** For commander: an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}
