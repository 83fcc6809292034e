import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import type { RecordIds } from "../../../src/batch.ts";
import { collectOffsets, idRuns, recordsOutside } from "../../../src/outputs/s3/id_runs.ts";
import { ObjectJournal } from "../../../src/outputs/s3/object_journal.ts";
import { RecordingLog } from "../../contracts/batches.ts";
import { failure, idsOf } from "./support.ts";

const offset = fc.oneof(
  fc.integer({ min: -1, max: 50 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 32, 2 ** 53 - 1),
);
const someIds = fc.array(
  fc.record({
    id: fc.constantFrom("a", "b", "c"),
    offsets: fc.array(offset, { minLength: 1, maxLength: 8 }),
  }),
  { minLength: 1, maxLength: 5 },
).map((runs): RecordIds => {
  let end = 0;
  return {
    origins: runs.map(({ id, offsets }) => ({ id, end: end += offsets.length })),
    offsets: Float64Array.from(runs.flatMap(({ offsets }) => offsets)),
  };
});

/** The ids of a batch as texts; undefined for a record without one. */
function textsOf({ origins, offsets }: RecordIds): (string | undefined)[] {
  return Array.from(offsets, (offset, index) => {
    const run = origins.find(({ end }) => index < end);
    return offset < 0 ? undefined : `${run!.id} ${offset}`;
  });
}

Deno.test("idRuns keeps every id, and recordsOutside finds the others", () => {
  fc.assert(fc.property(fc.array(someIds, { maxLength: 3 }), someIds, (stored, asked) => {
    const runs = stored.flatMap((ids) => idRuns(ids));
    const known = new Set(runs.flatMap((run) => {
      const offsets = new Set<number>();
      collectOffsets(run, offsets);
      assert.equal(Math.min(...offsets), run.least);
      assert.equal(Math.max(...offsets), run.most);
      return [...offsets].map((offset) => `${run.origin} ${offset}`);
    }));
    assert.deepEqual(known, new Set(stored.flatMap(textsOf).filter((text) => text !== undefined)));
    const outside = textsOf(asked).flatMap((text, index) =>
      text === undefined || !known.has(text) ? [index] : []
    );
    const found = recordsOutside(asked, (origin) => runs.filter((run) => run.origin === origin));
    assert.deepEqual(found ?? textsOf(asked).map((_, index) => index), outside);
  }));
});

Deno.test("idRuns takes only the records that are named", () => {
  const [run] = idRuns(idsOf([10, 20, 30]), [0, 2]);
  const offsets = new Set<number>();
  collectOffsets(run!, offsets);
  assert.deepEqual([...offsets], [10, 30]);
});

/** A directory of its own, and journals in it. */
class Place implements Disposable {
  readonly directory = Deno.makeTempDirSync({ prefix: "s3-journal-" });
  readonly path = join(this.directory, "journal");
  readonly log = new RecordingLog();
  saves = 0;
  fails = false;

  open(window?: number): Promise<ObjectJournal> {
    const savePositions = () => {
      this.saves++;
      return this.fails ? Promise.reject(new Error("disk full")) : Promise.resolve();
    };
    const { path, log } = this;
    return ObjectJournal.open({ path, savePositions, log, ...(window === undefined ? {} : { window }) });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.directory, { recursive: true });
  }
}

/** Objects of one record each. */
async function store(journal: ObjectJournal, first: number, count: number): Promise<void> {
  for (let number = first; number < first + count; number++) {
    const entry = await journal.begin(`key-${number}`, idRuns(idsOf([number])));
    await journal.settle(entry, true);
  }
}

/** Which of the first records the journal does not know. */
function unknown(journal: ObjectJournal, count: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => index);
  return journal.missing(idsOf(numbers)) ?? numbers;
}

Deno.test("ObjectJournal is the same when it is opened again", async () => {
  using place = new Place();
  const first = await place.open();
  await store(first, 0, 3);
  const open = await first.begin("open", idRuns(idsOf([7])));
  await first.noteUpload(open, "upload");
  const gone = await first.begin("gone", idRuns(idsOf([8])));
  await first.settle(gone, false);
  // No close: it was killed. Opened twice, since that writes it anew.
  for (let time = 0; time < 2; time++) {
    const again = await place.open();
    assert.equal(again.id, first.id);
    assert.deepEqual(unknown(again, 10), [3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(again.unsettled.map(({ key, uploadId }) => [key, uploadId]), [["open", "upload"]]);
    await again.close();
  }
  await first.close();
});

Deno.test("ObjectJournal drops old objects, but only after the positions are saved", async () => {
  using place = new Place();
  const journal = await place.open(1000);
  const unsettled = await journal.begin("unsettled", []);
  await store(journal, 0, 100);
  await journal.close();
  assert.ok(place.saves > 0);
  const again = await place.open();
  const missing = unknown(again, 100);
  assert.ok(missing.length > 50, "most are dropped");
  assert.ok(!missing.includes(99) && !missing.includes(95), "not the last");
  assert.deepEqual(again.unsettled.map(({ key }) => key), [unsettled.key]);
  assert.ok(Deno.statSync(place.path).size < 4000);
  await again.close();
});

Deno.test("ObjectJournal keeps more while positions cannot be saved, up to a limit that it tells", async () => {
  using place = new Place();
  place.fails = true;
  const journal = await place.open(1000);
  await store(journal, 0, 30);
  assert.ok(place.saves > 0);
  assert.deepEqual(unknown(journal, 30), []);
  assert.deepEqual(place.log.of("warn"), []);
  await store(journal, 30, 100);
  await journal.close();
  assert.notEqual(unknown(journal, 130).length, 0);
  assert.match(place.log.at("warn", 0), /Positions cannot be saved \(disk full\)/);
});

Deno.test("ObjectJournal that cannot be written lets nothing be uploaded, and goes on later", async () => {
  using place = new Place();
  const journal = await place.open();
  await store(journal, 0, 1);
  // As after a failed write: the file must be made anew, which cannot be done.
  await journal.close();
  Deno.removeSync(place.directory, { recursive: true });
  assert.match(
    (await failure(journal.begin("key", []))).message,
    /Cannot write the journal ".*": no such file/i,
  );
  assert.deepEqual(journal.unsettled, []);
  Deno.mkdirSync(place.directory);
  await store(journal, 1, 1);
  await journal.close();
  const again = await place.open();
  assert.deepEqual(unknown(again, 3), [2]);
  await again.close();
});

Deno.test("ObjectJournal is cut anywhere and knows what was whole", async () => {
  using place = new Place();
  const journal = await place.open();
  await store(journal, 0, 3);
  await journal.close();
  const whole = Deno.readFileSync(place.path);
  for (let length = 0; length < whole.length; length += 7) {
    Deno.writeFileSync(place.path, whole.subarray(0, length));
    const again = await place.open();
    const missing = unknown(again, 3);
    // What is unsettled is asked for; nothing is known that was not noted.
    assert.ok(missing.every((number, index) => index === 0 || number === missing[index - 1]! + 1));
    assert.ok(again.unsettled.length <= 1);
    await again.close();
  }
  assert.deepEqual(place.log.lines, []);
});
