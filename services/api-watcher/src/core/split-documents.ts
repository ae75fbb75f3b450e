// A YAML stream → its documents, so that one changed document costs no parse of the others. YAML 1.2.2 §9.1: a line
// that begins with "---" ends a document wherever it stands, within block and quoted scalars too.

/** The text of one document and the line (from 0) of the file on which it begins. */
export interface DocumentText {
  readonly text: string;
  readonly line: number;
}

/** Splits a stream. Streams with directives or explicit document ends stay in one piece. */
export function splitDocuments(text: string): DocumentText[] {
  if (/^(%|\.\.\.(\s|$))/m.test(text)) return [{ text, line: 0 }];
  if (!text.includes('\n---')) return [{ text, line: 0 }];
  const documents: DocumentText[] = [];
  let start = 0;
  let line = 0;
  let startLine = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const next = end < 0 ? text.length : end + 1;
    if (at > start && /^---(\s|$)/.test(text.slice(at, at + 4))) {
      documents.push({ text: text.slice(start, at), line: startLine });
      start = at;
      startLine = line;
    }
    at = next;
    line++;
  }
  documents.push({ text: text.slice(start), line: startLine });
  return documents;
}
