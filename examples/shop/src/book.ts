const book = {
  title: 'The Comedy of Errors',
  author: 'William Shakespeare',
  year: 1595,
  type: 'paperback',
  pages: 200,
  publisher: 'PublisherA',
  language: 'English',
};

/** The answer of `details` to `/details/<id>`. */
export function detailsOf(pathname: string): object {
  const id = Number(pathname.split('/')[2] ?? '0');
  return { id: Number.isSafeInteger(id) ? id : 0, ...book };
}

/** The page of the shop. */
export function productPage(): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${book.title}</title></head>
<body>
<h1>${book.title}</h1>
<p>${book.author}, ${book.year}. ${book.pages} pages, ${book.type}, ${book.language}.</p>
<p><a href="/details/1">Details</a></p>
</body>
</html>
`;
}
