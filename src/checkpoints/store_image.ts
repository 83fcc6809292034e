/**
 * All that one commit left in the store, as JSON texts: the form that is compared, saved and written to a snapshot.
 * Texts rather than objects, since they cannot be changed by whoever set them.
 */
export interface StoreImage {
  /** Counts commits; of two images the one with the higher sequence is newer. */
  sequence: number;
  /** Records by key. */
  readonly records: Map<string, string>;
  /** Participants' states by key. */
  readonly states: Map<string, string>;
}

/** One record or state to save; without `text` it is deleted. */
export interface Change {
  readonly kind: "record" | "state";
  readonly key: string;
  readonly text: string | undefined;
}

/** An image of nothing, older than any other. */
export function emptyImage(): StoreImage {
  return { sequence: 0, records: new Map(), states: new Map() };
}

/** Whether there is anything in it. */
export function hasContent(image: StoreImage): boolean {
  return image.records.size > 0 || image.states.size > 0;
}

/** The part of the image to which a change belongs. */
export function partOf(image: StoreImage, kind: Change["kind"]): Map<string, string> {
  return kind === "record" ? image.records : image.states;
}

/** Puts a saved change into the image. */
export function apply(image: StoreImage, change: Change): void {
  const part = partOf(image, change.kind);
  if (change.text === undefined) part.delete(change.key);
  else part.set(change.key, change.text);
}

/** Everything in the image as changes, states first. */
export function allOf(image: StoreImage): Change[] {
  const changes: Change[] = [];
  for (const [key, text] of image.states) changes.push({ kind: "state", key, text });
  for (const [key, text] of image.records) changes.push({ kind: "record", key, text });
  return changes;
}
