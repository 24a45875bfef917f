#!/usr/bin/env node
/** The command line `miniapps`. */
import { enableCompileCache } from 'node:module'

// Compiling and stripping types costs more than most commands; Node keeps the result between calls.
enableCompileCache()

const { runProgram } = await import('../src/run-program.ts')

for (const stream of [process.stdout, process.stderr]) {
  // The reader of a pipe went away (`miniapps … | head`): nobody is left to be told.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
}

process.exitCode = await runProgram(process.argv.slice(2), process.env, process)
