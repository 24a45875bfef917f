#!/usr/bin/env node
/** The command line `miniapps`. It imports nothing that an old Node lacks before it has looked at the version. */
import nodeModule from 'node:module'
import { isOldNode, oldNodeMessage } from '../src/node-version.ts'

const EXIT_USAGE = 2

if (isOldNode(process.versions.node)) {
  process.stderr.write(oldNodeMessage(process.versions.node))
  process.exit(EXIT_USAGE)
}

// Compiling and stripping types costs more than most commands; Node keeps the result between calls.
nodeModule.enableCompileCache()

// That a part of Node is experimental is our concern; its other warnings may be about the author's module.
process.removeAllListeners('warning')
process.on('warning', ({ name, message }) => {
  if (name !== 'ExperimentalWarning') process.stderr.write(`${name}: ${message}\n`)
})

const { runProgram } = await import('../src/run-program.ts')

for (const stream of [process.stdout, process.stderr]) {
  // The reader of a pipe went away (`miniapps … | head`): nobody is left to be told.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
}

process.exitCode = await runProgram(process.argv.slice(2), process.env, process)
