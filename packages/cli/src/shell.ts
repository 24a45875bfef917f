import { resolve } from 'node:path'
import type { Outcome } from './outcome.ts'

/** What commands know of the process around them. */
export interface Shell {
  env: NodeJS.ProcessEnv
  /** Absolute; where relative paths of the command line begin. */
  directory: string
  /** Whether somebody is there to answer questions. */
  isTerminal: boolean
  /** Shows a line while the command runs, on standard error: what it prints is the outcome. */
  say(line: string): void
  /** Hands over what the command line prints and ends with. */
  finish(outcome: Outcome): void
}

/**
 * Where the user called from. npm runs scripts in the repository's root and keeps the place in INIT_CWD.
 *
 * @param script name of the npm script that starts the command line
 */
export function callingDirectory(env: NodeJS.ProcessEnv, script = 'miniapps'): string {
  const calledFrom = env['npm_lifecycle_event'] === script ? env['INIT_CWD'] : undefined
  return resolve(calledFrom || process.cwd())
}
