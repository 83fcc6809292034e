import {
  CHECKPOINT_PREFIX,
  compare,
  endsOf,
  type FileCheckpoint,
  hashOf,
  HEAD_BYTES,
  readFully,
  sameBytes,
  startsAlike,
} from "./fingerprint.ts";
import type { OpenFile } from "./open_file.ts";
import type { OpenedFile } from "./rotation.ts";
import type { TailRegistry } from "./tail_registry.ts";

/**
 * Whether a file is a compressed generation of `path` with the contents of one that is known; then it is no news, and
 * is remembered as a copy. One that is not whole yet is not judged: true, until a later search. `pending`: a file that
 * is about to be known, or that was not read yet.
 */
export async function isKnownContents(
  registry: TailRegistry,
  path: string,
  { contents, facts, file }: OpenedFile,
  pending?: OpenFile,
): Promise<boolean> {
  if (contents === file) return false;
  try {
    const known = await isHeldOpen(registry, path, { contents, pending }) ||
      await isCheckpointed(registry, path, contents);
    if (known) registry.aliases.add(facts.key);
    return known;
  } catch {
    return true;
  }
}

/** Open files are compared themselves: what of them was not read yet is in no checkpoint. */
async function isHeldOpen(
  registry: TailRegistry,
  path: string,
  { contents, pending }: { contents: OpenedFile["contents"]; pending: OpenFile | undefined },
): Promise<boolean> {
  const files = [...registry.open.values()].filter((open) => open.path === path && open.canProbe).map((
    { file },
  ) => file);
  if (pending !== undefined) files.push(pending);
  if (files.length === 0) return false;
  const head = await readFully(contents, 0, HEAD_BYTES);
  const alike: OpenFile[] = [];
  for (const file of files) if (sameBytes(await readFully(file, 0, head.length), head)) alike.push(file);
  if (alike.length === 0) return false;
  const ends = await endsOf(contents);
  for (const file of alike) if (ends.size > 0 && await startsAlike(file, ends)) return true;
  return false;
}

async function isCheckpointed(
  registry: TailRegistry,
  path: string,
  contents: OpenedFile["contents"],
): Promise<boolean> {
  const head = await readFully(contents, 0, HEAD_BYTES);
  const hash = hashOf(head);
  for (const [key, value] of registry.context.checkpoints.entries()) {
    const checkpoint = value as FileCheckpoint;
    // At the start of a file nothing of it has been read.
    const relevant = key.startsWith(CHECKPOINT_PREFIX) && checkpoint.path === path && checkpoint.off > 0;
    if (checkpoint.headLen === HEAD_BYTES && checkpoint.head !== hash) continue;
    if (relevant && await compare(contents, checkpoint) === "same") return true;
  }
  return false;
}
