/**
 * The oldest Node that the published command line runs on: undici 8 asks for it, `.ts` definitions need its type
 * stripping. In this repository everything runs on the pinned Node.
 */
export const OLDEST_NODE = '22.19.0'

/** @param version of `process.versions.node`. Read by any Node that can load modules at all, so it uses nothing new. */
export function isOldNode(version: string): boolean {
  const oldest = OLDEST_NODE.split('.').map(Number)
  const parts = version.split('.').map(Number)
  for (const [index, least] of oldest.entries()) {
    const part = parts[index] ?? 0
    if (part !== least) return part < least
  }
  return false
}

export function oldNodeMessage(version: string): string {
  return `miniapps needs Node ${OLDEST_NODE} or newer, and this is Node ${version}. Install a newer one from https://nodejs.org.\n`
}
