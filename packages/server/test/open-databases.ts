/** What a test file has to close, looked at by the set-up of every file. */
export const openDatabases = new Set<{ drop(): Promise<void> }>()
