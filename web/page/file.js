// A dropped file: read, unpacked and, where it is too large for a tab, cut after its first rows.
import { t } from "./texts.js";

const MOST = 64 * 2 ** 20;
const mega = (bytes) => Math.round(bytes / 2 ** 20);

// The file's name and bytes, and a note where not all of it was taken. `asked` says whether the first
// rows of what is too large will do; where not, there is no file.
export async function taken(dropped, asked) {
  const packed = /\.gz$/i.test(dropped.name);
  const name = packed ? dropped.name.slice(0, -3) : dropped.name;
  if (dropped.size > MOST && /\.(npy|parquet|idx|gz)$/i.test(dropped.name)) {
    throw new Error(t("file.binary", { name, size: mega(dropped.size), most: mega(MOST) }));
  }
  if (dropped.size > MOST) {
    if (!asked({ name, size: mega(dropped.size), most: mega(MOST) })) return {};
    const bytes = new Uint8Array(await dropped.slice(0, MOST).arrayBuffer());
    const end = bytes.lastIndexOf(10) + 1;
    const note = t("file.cut", { name, size: mega(dropped.size), most: mega(MOST) });
    return { file: { name, bytes: bytes.slice(0, end) }, note };
  }
  const stream = packed ? dropped.stream().pipeThrough(new DecompressionStream("gzip")) : dropped.stream();
  const bytes = await whole(stream, name);
  // Parquet's magic number, whatever the name.
  const parquet = String.fromCharCode(...bytes.subarray(0, 4)) === "PAR1";
  return { file: { name, bytes, parquet } };
}

// All of a stream, as long as it is no bomb.
async function whole(stream, name) {
  const parts = [];
  let size = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > 4 * MOST) {
      await reader.cancel();
      throw new Error(t("file.binary", { name, size: mega(size), most: mega(MOST) }));
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
