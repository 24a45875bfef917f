/** `npm run demo`: starts the platform and provider stand-ins, walks through what it does, and ends both. */
import { runDemo } from './demo-walk.ts'

try {
  await runDemo({ print: (line) => process.stdout.write(`${line}\n`) })
  process.exit(0)
} catch (error) {
  process.stderr.write(`\nThe demo stopped. ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
