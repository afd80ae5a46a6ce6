// client.js SOCKET: calls echo.proto there in every way the tests care about. Prints each check that has passed.
'use strict';

const assert = require('assert');
const { grpc, Echo } = require('./echo.js');

const client = new Echo('unix:' + process.argv[2], grpc.credentials.createInsecure());

function say(request, options = {}) {
  return new Promise((done, failed) => client.say(request, options, (error, reply) => error ? failed(error) : done(reply)));
}

// The messages of a stream and the status that it ended with.
function count(request, options = {}, onMessage = () => {}) {
  return new Promise(done => {
    const messages = [];
    const call = client.count(request, options);
    call.on('data', message => { messages.push(message); onMessage(call, messages.length); });
    call.on('error', () => {});
    call.on('status', status => done({ messages, status }));
  });
}

async function statusOf(promise) {
  try {
    await promise;
    return { code: 0 };
  } catch (error) {
    return error;
  }
}

const checks = {
  async unary() {
    const data = Buffer.alloc(60000, 7);
    const reply = await say({ data });
    assert.deepStrictEqual(reply.data, data);
    assert.strictEqual(reply.has_deadline, false);
    assert.strictEqual((await say({ data }, { deadline: Date.now() + 30000 })).has_deadline, true);
  },
  async statuses() {
    const message = 'daß % \n é %41 ~\u{1f600}';
    for (let code = 1; code <= 16; code++) {
      const error = await statusOf(say({ status: code, message }));
      assert.deepStrictEqual([error.code, error.details], [code, message]);
    }
  },
  async bigStream() {
    const { messages, status } = await count({ count: 1000, size: 20000, status: 10, message: 'end é' });
    assert.strictEqual(messages.length, 1000);
    messages.forEach((message, i) => assert.deepStrictEqual([message.number, message.data.length], [i, 20000]));
    assert.deepStrictEqual([status.code, status.details], [10, 'end é']);
  },
  async emptyStream() {
    const { messages, status } = await count({ count: 0 });
    assert.deepStrictEqual([messages.length, status.code], [0, 0]);
  },
  async deadline() {
    assert.strictEqual((await statusOf(say({ waits: true }, { deadline: Date.now() + 200 }))).code, grpc.status.DEADLINE_EXCEEDED);
    const { messages, status } = await count({ count: 2, waits: true }, { deadline: Date.now() + 300 });
    assert.deepStrictEqual([messages.length, status.code], [2, grpc.status.DEADLINE_EXCEEDED]);
  },
  async cancel() {
    const { status } = await count({ count: 2, waits: true }, {}, (call, received) => received === 2 && call.cancel());
    assert.strictEqual(status.code, grpc.status.CANCELLED);
  },
  async unimplemented() {
    const error = await statusOf(new Promise((done, failed) => client.makeUnaryRequest(
      '/no.Such/Method', x => x, x => x, Buffer.alloc(0), (e, reply) => e ? failed(e) : done(reply))));
    assert.strictEqual(error.code, grpc.status.UNIMPLEMENTED);
  },
  async manyAtOnce() {
    const replies = await Promise.all(Array.from({ length: 200 }, (_, i) => say({ data: Buffer.alloc(i * 100, i) })));
    replies.forEach((reply, i) => assert.deepStrictEqual(reply.data, Buffer.alloc(i * 100, i)));
  },
};

(async () => {
  for (const [name, check] of Object.entries(checks)) {
    await check();
    console.log('passed ' + name);
  }
  client.close();
})().catch(error => {
  console.error(error);
  process.exit(1);
});
