/** The operations of JSON Patch (RFC 6902) that test data uses. */
export type Operation =
  | { op: 'add' | 'replace'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move'; from: string; path: string }

type Container = Record<string, unknown> | unknown[]

/** @throws Error where a place does not exist: data that changes nothing proves nothing */
export function patched(document: unknown, operations: readonly Operation[]): unknown {
  const copy = structuredClone(document)
  for (const operation of operations) apply(copy, operation)
  return copy
}

function apply(document: unknown, operation: Operation): void {
  if (operation.op === 'move') {
    const value = take(document, operation.from)
    put(document, operation.path, value, false)
  } else if (operation.op === 'remove') take(document, operation.path)
  else put(document, operation.path, operation.value, operation.op === 'replace')
}

function place(document: unknown, pointer: string): { owner: Container; key: string } {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const key = keys.pop() ?? ''
  const owner = keys.reduce<unknown>(
    (node, name) => (node as Record<string, unknown> | undefined)?.[name],
    document,
  )
  if (typeof owner !== 'object' || owner === null) throw new Error(`Nothing is at the parent of ${pointer}.`)
  return { owner: owner as Container, key }
}

function take(document: unknown, pointer: string): unknown {
  const { owner, key } = place(document, pointer)
  if (!Object.hasOwn(owner, key)) throw new Error(`Nothing is at ${pointer}.`)
  if (Array.isArray(owner)) return owner.splice(Number(key), 1)[0]
  const value = owner[key]
  delete owner[key]
  return value
}

function put(document: unknown, pointer: string, value: unknown, mustExist: boolean): void {
  const { owner, key } = place(document, pointer)
  if (mustExist && !Object.hasOwn(owner, key)) throw new Error(`Nothing is at ${pointer}.`)
  if (!Array.isArray(owner)) owner[key] = value
  else owner.splice(key === '-' ? owner.length : Number(key), mustExist ? 1 : 0, value)
}
