/** A process that sends back what it gets over TCP, tells its port on standard output, and ends with its standard input. */
import { type AddressInfo, createServer } from 'node:net';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.on('SIGINT', () => {}); // From the terminal it goes to the whole group; the harness decides.
process.stdin.resume().on('end', () => process.exit(0));
