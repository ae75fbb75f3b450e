import { create, type DescFile, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { fileDesc as hydrate } from '@bufbuild/protobuf/codegenv2';
import { base64Encode } from '@bufbuild/protobuf/wire';
import { FieldDescriptorProto_Type, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { file_envoy_admin_v3_config_dump } from '@sluice/envoy-api/envoy/admin/v3/config_dump_pb.js';
import { file_envoy_config_listener_v3_listener } from '@sluice/envoy-api/envoy/config/listener/v3/listener_pb.js';
import { expect, test } from 'vitest';
import { fileDesc } from './file-desc.ts';
import { withOwnFileDesc } from './registry-source.ts';

type Init = MessageInitShape<typeof FileDescriptorProtoSchema>;

const encoded = (proto: Init): string =>
  base64Encode(toBinary(FileDescriptorProtoSchema, create(FileDescriptorProtoSchema, proto)));

const typesOf = (file: DescFile) =>
  file.messages.flatMap(({ typeName, fields }) => [
    typeName,
    ...fields.map(({ message }) => message?.typeName),
  ]);

test('a file is what the library makes of it, with the same imports', () => {
  for (const { proto, dependencies } of [
    file_envoy_admin_v3_config_dump,
    file_envoy_config_listener_v3_listener,
  ]) {
    const own = fileDesc(encoded(proto), dependencies);
    expect(typesOf(own)).toEqual(typesOf(hydrate(encoded(proto), [...dependencies])));
    expect(own.dependencies.every((file, index) => file === dependencies[index])).toBe(true);
    expect(own.dependencies.length).toBe(proto.dependency.length);
  }
});

test('a file finds what its import hands on, and nothing else of what that one imports', () => {
  const holds = (name: string, type: string): Init => ({
    messageType: [{ name, field: [{ name: 'a', type: FieldDescriptorProto_Type.MESSAGE, typeName: type }] }],
  });
  const a = fileDesc(encoded({ name: 'a.proto', messageType: [{ name: 'A' }] }));
  const open = fileDesc(encoded({ name: 'open.proto', publicDependency: [0] }), [a]);
  const closed = fileDesc(encoded({ name: 'closed.proto' }), [a]);
  const user = encoded({ name: 'user.proto', ...holds('User', '.A') });
  expect(typesOf(fileDesc(user, [open]))).toEqual(['User', 'A']);
  expect(() => typesOf(fileDesc(user, [closed]))).toThrow();
});

test('a generated module gets it', () => {
  const from = 'from "@bufbuild/protobuf/codegenv2";';
  expect(withOwnFileDesc('./a/b_pb.js', `\nimport { enumDesc, fileDesc, messageDesc } ${from}\n`)).toBe(
    `\nimport { enumDesc, messageDesc } ${from}\nimport { fileDesc } from "../../src/file-desc.ts";\n`,
  );
  expect(withOwnFileDesc('./b_pb.js', `import { fileDesc } ${from}\n`)).toBe(
    'import { fileDesc } from "../src/file-desc.ts";\n',
  );
  expect(() => withOwnFileDesc('./b_pb.js', '// nothing\n')).toThrow('./b_pb.js does not begin');
});
