// The service of echo.proto, loaded without generated code.
'use strict';

const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const definition = loader.loadSync(path.join(__dirname, 'echo.proto'), { defaults: true, keepCase: true });
exports.grpc = grpc;
exports.Echo = grpc.loadPackageDefinition(definition).microkernel.rpc.tests.Echo;
