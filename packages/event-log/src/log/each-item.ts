/**
 * Calls `take` for each item, one after the other, and keeps none: a `for await` holds the last one until the next comes, and the first
 * of a stream may be all that stands on it.
 */
export async function eachItem<T>(
  items: AsyncIterable<T>,
  take: (item: T) => void | Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let done = false;
  try {
    while (!done) done = await takeNext(iterator, take);
  } finally {
    if (!done) await iterator.return?.();
  }
}

/** @returns whether there was none any more */
async function takeNext<T>(
  iterator: AsyncIterator<T>,
  take: (item: T) => void | Promise<void>,
): Promise<boolean> {
  const result = await iterator.next();
  if (result.done === true) return true;
  await take(result.value);
  return false;
}

/** Holds one item until it is taken out. */
export interface Box<T> {
  item: T | undefined;
}

/** Each item in a box, so that who goes through them can let it be taken out. */
export async function* inBoxes<T>(items: AsyncIterable<T>): AsyncGenerator<Box<T>, void, void> {
  const iterator = items[Symbol.asyncIterator]();
  let done = false;
  try {
    while (!done) {
      const box = await nextBox(iterator);
      if (box === undefined) done = true;
      else yield box;
    }
  } finally {
    if (!done) await iterator.return?.();
  }
}

async function nextBox<T>(iterator: AsyncIterator<T>): Promise<Box<T> | undefined> {
  const result = await iterator.next();
  return result.done === true ? undefined : { item: result.value };
}

/**
 * What a generator yields in boxes, which are empty once their item is handed on: a generator keeps what it yielded last, and what those
 * to which it delegates did, until it yields again.
 */
export function unboxed<T>(boxes: AsyncGenerator<Box<T>, void, void>): AsyncGenerator<T, void, void> {
  const open = ({ done, value }: IteratorResult<Box<T>, void>): IteratorResult<T, void> => {
    const item = value?.item;
    if (done === true || item === undefined) return { done: true, value: undefined };
    value.item = undefined;
    return { done: false, value: item };
  };
  return {
    next: async () => open(await boxes.next()),
    return: async () => open(await boxes.return()),
    throw: async (error: unknown) => open(await boxes.throw(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: () => boxes[Symbol.asyncDispose](),
  };
}
