/** Throw-away certificates for tests of TLS, made by the `openssl` of the machine. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  /** PEM. */
  key: string
  /** PEM. */
  cert: string
}

export interface Authority {
  /** PEM. */
  cert: string
  /**
   * @param names alternative names as OpenSSL writes them, `DNS:api.test` or `IP:127.0.0.1`
   * @param days until it expires, from now on; negative: it has expired
   */
  issue(names: string[], days?: number): Certificate
}

/** Whether certificates can be made here. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** A certificate that only its own server vouches for. @param names as for {@link Authority.issue} */
export function selfSigned(names: string[]): Certificate {
  return inDirectory(({ read, run }) => {
    const subject = ['-subj', '/CN=Test server', '-addext', `subjectAltName=${names.join(',')}`]
    run(['req', '-x509', ...NEW_KEY, ...subject, '-keyout', 'key', '-out', 'cert', '-days', '2'])
    return { key: read('key'), cert: read('cert') }
  })
}

/** A certificate authority that nobody knows. */
export function createAuthority(): Authority {
  return inDirectory((directory) => {
    const { read, run } = directory
    const constraints = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign']
    const extensions = constraints.flatMap((extension) => ['-addext', extension])
    const subject = ['-subj', '/CN=Test authority']
    run([
      'req',
      '-x509',
      ...NEW_KEY,
      ...subject,
      '-keyout',
      'key',
      '-out',
      'cert',
      '-days',
      '2',
      ...extensions,
    ])
    const own = { key: read('key'), cert: read('cert') }
    return { cert: own.cert, issue: (names, days = 2) => issue(own, names, days) }
  })
}

function issue(authority: Certificate, names: string[], days: number): Certificate {
  return inDirectory(({ read, run, write }) => {
    write('ca.key', authority.key)
    write('ca.cert', authority.cert)
    write('names', `subjectAltName=${names.join(',')}`)
    run(['req', '-new', ...NEW_KEY, '-subj', '/CN=Test server', '-keyout', 'key', '-out', 'request'])
    const by = ['-CA', 'ca.cert', '-CAkey', 'ca.key', '-CAcreateserial']
    run(['x509', '-req', '-in', 'request', ...by, '-days', String(days), '-extfile', 'names', '-out', 'cert'])
    return { key: read('key'), cert: read('cert') }
  })
}

interface Directory {
  run(args: string[]): void
  read(name: string): string
  write(name: string, text: string): void
}

function inDirectory<T>(work: (directory: Directory) => T): T {
  const path = mkdtempSync(join(tmpdir(), 'miniapps-test-certificates-'))
  try {
    return work({
      run: (args) => void execFileSync('openssl', args, { cwd: path, stdio: 'pipe' }),
      read: (name) => readFileSync(join(path, name), 'utf8'),
      write: (name, text) => writeFileSync(join(path, name), text),
    })
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}
