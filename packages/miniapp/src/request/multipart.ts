import { MiniAppError } from '../errors.ts'
import { isObject, type Rec } from '../expression/own.ts'
import { joinBytes } from './join-bytes.ts'

export interface MultipartBody {
  contentType: string
  bytes: Uint8Array<ArrayBuffer>
  /** The same body for a record: files are replaced by their size. */
  preview: string
}

/** What becomes a file part: `{ filename, contentType, data }`, `data` in base64 (specification 2.1). */
interface FileValue {
  filename: string
  contentType?: unknown
  data: string
}

const DEFAULT_FILE_TYPE = 'application/octet-stream'

/** A media type with optional parameters, nothing that could end the header line (RFC 9110, 8.3.1). */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?:[ \t]*;[\x20-\x7e]*)?$/

/**
 * Writes `multipart/form-data` (RFC 7578). A list repeats its name, `null` is left out, an object that is no file
 * becomes compact JSON, everything else text.
 *
 * @param boundary at most 70 characters of letters, digits and `-`, not found in any value: a random one
 * @param pointer of the body's template, for errors
 * @throws MiniAppError `VALIDATION_ERROR` where a file's `data` is no base64 or its `contentType` no media type
 */
export function writeMultipart(fields: Rec, boundary: string, pointer: string): MultipartBody {
  const encoder = new TextEncoder()
  const chunks: Uint8Array[] = []
  let preview = ''
  const write = (text: string): void => {
    chunks.push(encoder.encode(text))
    preview += text
  }
  for (const [name, value] of Object.entries(fields)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === null || item === undefined) continue
      const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quotedName(name)}"`
      if (isFile(item)) {
        const bytes = fileBytes(item, name, pointer)
        write(
          `${head}; filename="${quotedName(item.filename)}"\r\nContent-Type: ${fileType(item, name, pointer)}\r\n\r\n`,
        )
        chunks.push(bytes, encoder.encode('\r\n'))
        preview += `(${bytes.length} bytes)\r\n`
      } else {
        write(`${head}\r\n\r\n${typeof item === 'object' ? JSON.stringify(item) : String(item)}\r\n`)
      }
    }
  }
  write(`--${boundary}--\r\n`)
  return { contentType: `multipart/form-data; boundary=${boundary}`, bytes: joinBytes(chunks), preview }
}

/** As browsers write names (HTML, "multipart/form-data encoding algorithm"): nothing can leave the quotes or the line. */
function quotedName(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')
}

function isFile(value: unknown): value is FileValue {
  return isObject(value) && typeof value['filename'] === 'string' && typeof value['data'] === 'string'
}

function fileType(file: FileValue, name: string, pointer: string): string {
  const type = file.contentType
  if (type === undefined || type === null || type === '') return DEFAULT_FILE_TYPE
  if (typeof type === 'string' && MEDIA_TYPE.test(type)) return type
  throw new MiniAppError(
    'VALIDATION_ERROR',
    `The file in "${name}" has a contentType that is no media type.`,
    {
      path: pointer,
    },
  )
}

function fileBytes(file: FileValue, name: string, pointer: string): Uint8Array {
  try {
    const binary = atob(file.data.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = new Uint8Array(binary.length)
    for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
    return bytes
  } catch (cause) {
    throw new MiniAppError('VALIDATION_ERROR', `The data of the file in "${name}" is not base64.`, {
      path: pointer,
      cause,
    })
  }
}
