import type { ExitName } from './exit-code.ts'
import type { Paint } from './paint.ts'

/** What a command found out or did; printed once, at its end, as text or as JSON. */
export interface Outcome {
  exit: ExitName
  /** For `--json`: what JSON can hold, without secrets (but for commands whose purpose is to show one). */
  document: unknown
  /** The command has written its result to standard output piece by piece: nothing more is printed. */
  isPrinted?: true
  /** For people; without the line end. */
  text: (paint: Paint) => string
}
