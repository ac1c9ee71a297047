/** What sending bytes to another process costs with nothing but TCP: sends as many as it is asked for. */
import { createServer } from 'node:net';

const server = createServer((socket) => {
  socket.setNoDelay(true);
  let bytes = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (request: Buffer) => {
    const size = request.readUInt32LE();
    if (bytes.length !== size) bytes = Buffer.alloc(size, 1);
    socket.write(bytes);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }));
process.on('disconnect', () => process.exit());
