import { Document, isScalar, visit } from 'yaml';
import { escapeText, isUnsafe } from './escape.ts';

/** YAML of a value. Scalars with unsafe characters are double-quoted with `\uXXXX` in their place, which YAML reads back. */
export function toYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (isScalar(node) && typeof node.value === 'string' && isUnsafe(node.value))
        node.type = 'QUOTE_DOUBLE';
    },
  });
  const lines = document
    .toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER })
    .split('\n');
  return lines.map(escapeText).join('\n');
}
