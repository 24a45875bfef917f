import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Config, readConfig } from '../src/config.ts'

/**
 * The settings of this process: the environment, and a `.env` file in the working directory for what is not set there.
 * @throws ConfigError with every problem found
 */
export function loadConfig(): Config {
  const envFile = resolve('.env')
  if (existsSync(envFile)) process.loadEnvFile(envFile)
  return readConfig(process.env, { terminal: process.stdout.isTTY, workingDirectory: process.cwd() })
}
