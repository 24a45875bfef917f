// Loaded with `node --import`: moves the clock of a process, its worker threads included, by the milliseconds that the
// file CLOCK_SHIFT_FILE holds, and says in CLOCK_SHIFT_FILE.seen which these are. Monotonic time goes on as it was.
import { readFileSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const POLL_MS = 50
const file = process.env.CLOCK_SHIFT_FILE
const realNow = Date.now
let shiftMs = 0

function read() {
  try {
    const told = Number(readFileSync(file, 'utf8')) || 0
    if (isMainThread && told !== shiftMs) writeFileSync(`${file}.seen`, String(told))
    shiftMs = told
  } catch {
    // Out of file descriptors, for example: it stays where it is.
  }
}

if (file) {
  read()
  setInterval(read, POLL_MS).unref()
  const now = () => realNow() + shiftMs
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
    apply: () => new Date(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  })
}
