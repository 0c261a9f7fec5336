// Ends a Node.js program that wants to talk to another machine: node --require loopback.cjs ...

const net = require('node:net');

const connect = net.Socket.prototype.connect;
const HOSTS = ['127.0.0.1', '::1', 'localhost', undefined];

net.Socket.prototype.connect = function connectHere(...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  const host = typeof options === 'object' ? options.host : args[1];
  if (!HOSTS.includes(host)) {
    process.stderr.write(`refused to connect to ${host}\n`);
    process.exit(97);
  }
  return connect.apply(this, args);
};
