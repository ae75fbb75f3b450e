export * from './explain-connection.ts';
export * from './explain-request.ts';
export * from './explanation.ts';
export { grpcStatusOf, isGrpc } from './grpc-status.ts';
export { editHeaders } from './header-edit.ts';
export { IrIndex } from './index-ir.ts';
export { type Mismatch, textOf } from './match.ts';
export { type ExplainRequest, type ReadRequest, readRequest } from './request.ts';
