/**
 * Makes the database cluster and ends: `node embedded-initdb.ts <directory>`. A process of its own, because the memory
 * that initdb needs is then given back whole; a thread of the server would leave its holes behind.
 */
import { createCluster } from './embedded-pglite.ts'

// The server ended: what is unfinished is made anew at its next start.
process.on('disconnect', () => process.exit(1))
process.channel?.unref()

const [directory = ''] = process.argv.slice(2)
try {
  await createCluster(directory)
  process.exit(0)
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
