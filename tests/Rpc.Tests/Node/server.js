// server.js SOCKET: serves echo.proto until its standard input ends. Prints a line when it listens, and one for each cancelled call.
'use strict';

const { grpc, Echo } = require('./echo.js');

function untilCancelled(call) {
  call.on('cancelled', () => console.log('cancelled'));
  console.log('waiting');
}

const server = new grpc.Server();
server.addService(Echo.service, {
  say(call, reply) {
    const request = call.request;
    if (request.waits)
      untilCancelled(call);
    else if (request.status !== 0)
      reply({ code: request.status, details: request.message });
    else
      reply(null, { data: request.data, peer: 'node', has_deadline: call.getDeadline() !== Infinity });
  },
  count(call) {
    const request = call.request;
    const data = Buffer.alloc(request.size);
    let number = 0;
    function write() {
      while (number < request.count) {
        if (!call.write({ data, number: number++ })) {
          call.once('drain', write);
          return;
        }
      }
      if (request.waits)
        untilCancelled(call);
      else if (request.status !== 0)
        call.emit('error', { code: request.status, details: request.message });
      else
        call.end();
    }
    write();
  },
});
server.bindAsync('unix:' + process.argv[2], grpc.ServerCredentials.createInsecure(), error => {
  if (error)
    throw error;
  console.log('listening');
});
process.stdin.on('end', () => process.exit(0)).resume();
