import { describe, expect, it } from 'vitest'
import { startProcess } from './sandbox-process.ts'

const REQUEST = { call: { name: 'sample', params: [], code: '', args: {} }, timeMs: 60_000, wipe: false }

/** A process that was broken out of: it says what it likes. `frame` is the frame of a text. */
function startHostile(code: string) {
  const script = `
    const frame = (text) => { const head = Buffer.alloc(4); head.writeUInt32BE(text.length); return Buffer.concat([head, Buffer.from(text)]) }
    process.stdout.write(frame('ready'))
    ${code}
    setInterval(() => {}, 1000)`
  return startProcess({ file: process.execPath, args: ['-e', script] })
}

describe('a process that was broken out of', () => {
  it.each([
    ['no JSON', "frame('{')"],
    ['JSON that is no result', `frame('{"outcome":{"ok":true,"value":[]},"logs":""}')`],
    ['a failure without a text', `frame('{"outcome":{"ok":false,"failure":"threw"},"logs":""}')`],
    ['an answer without end', 'Buffer.from([255, 255, 255, 255])'],
    ['a message that ends the other side of a channel of Node', `frame('{"cmd":"NODE_HANDLE_ACK"}')`],
  ])('is killed where it answers with %s', async (_, answer) => {
    const hostile = startHostile(`process.stdin.once('data', () => process.stdout.write(${answer}))`)
    await hostile.ready
    expect((await hostile.run(REQUEST)).outcome).toMatchObject({ ok: false, failure: 'crash' })
    expect(await hostile.ended).toBe('ended with SIGKILL')
  })

  it('is killed where it speaks without being asked, so that no call gets an answer made before it', async () => {
    const forged = `frame('{"outcome":{"ok":true,"value":{}},"logs":""}')`
    const hostile = startHostile(`process.stdout.write(${forged})`)
    expect(await hostile.ended).toBe('ended with SIGKILL')
    expect(hostile.isAlive()).toBe(false)
  })

  it('is killed where it closes its pipes', async () => {
    const hostile = startHostile('process.stdin.destroy(); process.stdout.end()')
    await hostile.ready
    const result = await Promise.race([hostile.ended, hostile.run({ ...REQUEST, timeMs: 100 })])
    expect(result).toBeDefined()
    hostile.kill()
    await hostile.ended
  })
})

it.skipIf(process.platform !== 'linux')('a call gives way to others once it takes long', async () => {
  // Says how nice it is when the call comes, and again when it has been lowered.
  const child = startHostile(`
    const os = require('node:os')
    const first = os.getPriority()
    process.stdin.once('data', () => {
      const timer = setInterval(() => {
        if (os.getPriority() === first) return
        clearInterval(timer)
        const value = { first, later: os.getPriority() }
        process.stdout.write(frame(JSON.stringify({ outcome: { ok: true, value }, logs: '' })))
      }, 5)
    })`)
  await child.ready
  const { outcome } = await child.run(REQUEST)
  expect(outcome).toEqual({ ok: true, value: { first: 0, later: 19 } })
  child.kill()
  await child.ended
})
