import { describe, expect, it } from 'vitest'
import { createLog, EVENTS } from './log.ts'

function capture(format: 'json' | 'text' = 'json') {
  const lines: string[] = []
  const log = createLog(
    { logLevel: 'info', logFormat: format },
    { write: (line: string) => void lines.push(line) },
  )
  return { log, lines }
}

describe('createLog', () => {
  it('writes one JSON object a line with time, level, event and fields', () => {
    const { log, lines } = capture()
    log.info('action.executed', {
      requestId: 'r1',
      workspaceId: 'w1',
      ns: 'github',
      action: 'createIssue',
      durationMs: 12,
    })
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      event: 'action.executed',
      requestId: 'r1',
      workspaceId: 'w1',
      ns: 'github',
      action: 'createIssue',
      durationMs: 12,
    })
  })

  it('leaves out what is below the level', () => {
    const { log, lines } = capture()
    log.debug('server.started')
    expect(lines).toEqual([])
  })

  it('logs an error with its causes, at most three deep', () => {
    const { log, lines } = capture()
    const chain = [1, 2, 3, 4, 5].reduce<Error>((cause, n) => new Error(`e${n}`, { cause }), new Error('e0'))
    log.error('server.failed', { error: chain })
    const { error } = JSON.parse(lines[0] ?? '')
    expect(error).toMatchObject({ type: 'Error', message: 'e5', stack: expect.any(String) })
    expect(error.cause.cause.cause.message).toBe('e2')
    expect(error.cause.cause.cause.cause).toBeUndefined()
  })

  it('keeps a line a line, whatever a field holds', () => {
    const { log, lines } = capture()
    log.warn('request.handled', { status: 'a\nb\u2028c' })
    expect(lines.join('').trimEnd()).not.toContain('\n')
  })
})

describe('EVENTS', () => {
  it.each(Object.entries(EVENTS))(
    '%s is a noun and a verb, and says what its line stands for',
    (name, meaning) => {
      expect(name).toMatch(/^[a-z]+\.[a-z]+$/)
      expect(meaning).toMatch(/\.$/)
    },
  )
})
