/** A thread that judges mutants: answers each share with what came of it. */
import { parentPort } from 'node:worker_threads'
import { runShare, type Share } from './run-share.ts'

parentPort?.on('message', async (share: Share) => {
  parentPort?.postMessage(await runShare(share))
})
