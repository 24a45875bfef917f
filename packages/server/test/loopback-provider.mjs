// A provider in a process of its own, so that a benchmark does not pay for it: answers every request with the same
// small JSON. Prints its port, ends with its parent.
import { createServer } from 'node:http'

const BODY = JSON.stringify({
  id: 4711,
  number: 12,
  title: 'Order 1042 arrived without its coupon',
  state: 'open',
  html_url: 'https://provider.example/issues/12',
  user: { id: 7, login: 'ada' },
  labels: [{ id: 1, name: 'bug' }],
})
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response
      .writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(BODY) })
      .end(BODY)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.(server.address().port))
process.on('disconnect', () => process.exit(0))
