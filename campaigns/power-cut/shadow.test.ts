import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Shadow } from './shadow.ts'

/** Runs a script on the simulated disk. @returns where the disk is as after a power cut at the end of the script */
function afterCut(script: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'miniapps-shadow-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const [disk, shadow, restored] = ['disk', 'shadow', 'restored'].map((name) => join(directory, name))
  if (!disk || !shadow || !restored) throw new Error('unreachable')
  mkdirSync(disk)
  new Shadow(shadow).flushTree(disk)
  const flushes = `
    import fs from 'node:fs'
    import { open } from 'node:fs/promises'
    const flush = (path) => {
      const descriptor = fs.openSync(path, 'r')
      fs.fsyncSync(descriptor)
      fs.closeSync(descriptor)
    }`
  const args = [
    '--import',
    join(import.meta.dirname, 'disk.ts'),
    '--input-type=module',
    '-e',
    flushes + script,
  ]
  const env = { ...process.env, POWER_CUT_DISK: disk, POWER_CUT_SHADOW: shadow }
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: disk, env, encoding: 'utf8' })
  expect(stderr).toBe('')
  expect([0, null]).toContain(status)
  new Shadow(shadow).restore(disk, restored)
  return restored
}

const textOf = (directory: string, name: string) =>
  existsSync(join(directory, name)) ? readFileSync(join(directory, name), 'utf8') : undefined

it('keeps of files what was flushed, and names that were flushed with their directory', () => {
  const left = afterCut(`
    fs.writeFileSync('whole', 'flushed'); flush('whole')
    fs.appendFileSync('whole', ', and not')
    fs.writeFileSync('nameless', 'flushed')
    fs.writeFileSync('empty', 'not flushed')
    fs.mkdirSync('folder'); fs.writeFileSync('folder/inside', 'x'); flush('folder/inside')
    flush('.')
    fs.writeFileSync('late', 'flushed'); flush('late')`)
  expect(['whole', 'empty', 'folder/inside', 'late'].map((name) => textOf(left, name))).toEqual([
    'flushed',
    '',
    undefined,
    undefined,
  ])
  expect(existsSync(join(left, 'folder'))).toBe(true)
})

it('knows files by themselves, whatever they are called, and takes back what was not flushed', () => {
  const left = afterCut(`
    fs.writeFileSync('old', 'kept'); flush('old')
    fs.writeFileSync('draft', 'new text')
    const handle = await open('draft', 'r+')
    await handle.sync(); await handle.close()
    fs.writeFileSync('settings', 'old text'); flush('settings'); flush('.')
    fs.renameSync('draft', 'settings')
    fs.rmSync('old'); fs.writeFileSync('other', 'takes its place'); flush('other')`)
  expect(['old', 'draft', 'settings', 'other'].map((name) => textOf(left, name))).toEqual([
    'kept',
    'new text',
    'old text',
    undefined,
  ])
})

it('a cut stops whoever flushes, and what it flushed may or may not have got there', () => {
  for (const takesEffect of [true, false]) {
    const left = afterCut(`
      fs.writeFileSync('file', 'before'); flush('file'); flush('.')
      fs.writeFileSync('file', 'after!')
      const { POWER_CUT_SHADOW: shadow } = process.env
      fs.writeFileSync(shadow + '/order', JSON.stringify({ flushes: 1, takesEffect: ${takesEffect} }))
      const { Worker } = await import('node:worker_threads')
      const worker = new Worker("import fs from 'node:fs'; fs.fsyncSync(fs.openSync('file')); fs.writeFileSync('heard', '')", { eval: true })
      while (!fs.existsSync(shadow + '/cut')) await new Promise((resolve) => setTimeout(resolve, 5))
      if (fs.existsSync('heard')) process.exit(1)
      process.kill(process.pid, 'SIGKILL')`)
    expect(textOf(left, 'file')).toBe(takesEffect ? 'after!' : 'before')
  }
})
