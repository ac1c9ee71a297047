/** The font of figures: its files, and how wide its text runs, since there is no canvas here to measure with. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const fileOf = (style: string): string => require.resolve(`@expo-google-fonts/inter/${style}/Inter_${style}.ttf`);

/** Regular, medium and semi-bold, as files for a renderer. */
export const FONT_FILES: readonly string[] = ['400Regular', '500Medium', '600SemiBold'].map(fileOf);
export const FONT_FAMILY = 'Inter';

/** Advance widths of a TrueType font, by character. */
interface Advances {
  readonly unitsPerEm: number;
  of(codePoint: number): number;
}

/** Offset of each table, by its tag. */
function tablesOf(font: DataView): ReadonlyMap<string, number> {
  const tables = new Map<string, number>();
  for (let index = 0; index < font.getUint16(4); index += 1) {
    const entry = 12 + 16 * index;
    const tag = String.fromCharCode(...[0, 1, 2, 3].map((at) => font.getUint8(entry + at)));
    tables.set(tag, font.getUint32(entry + 8));
  }
  return tables;
}

/** Reads `head`, `hhea`, `hmtx` and a `cmap` of format 4: all it takes to add up the width of a line without kerning. */
function readAdvances(file: string): Advances {
  const bytes = readFileSync(file);
  const font = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables = tablesOf(font);
  const table = (tag: string): number => {
    const offset = tables.get(tag);
    if (offset === undefined) throw new Error(`expected a table '${tag}' in the font ${file}, got ${[...tables.keys()].join(', ')}`);
    return offset;
  };
  const glyphOf = glyphLookup(font, table('cmap'));
  const metrics = table('hmtx');
  const lastMetric = font.getUint16(table('hhea') + 34) - 1;
  return {
    unitsPerEm: font.getUint16(table('head') + 18),
    of: (codePoint) => font.getUint16(metrics + 4 * Math.min(glyphOf(codePoint), lastMetric)),
  };
}

/** From a character to its glyph by the first `cmap` subtable of format 4; 0, the missing glyph, for all others. */
function glyphLookup(font: DataView, cmap: number): (codePoint: number) => number {
  const offsets = Array.from({ length: font.getUint16(cmap + 2) }, (_, index) => cmap + font.getUint32(cmap + 8 + 8 * index));
  const start = offsets.find((offset) => font.getUint16(offset) === 4);
  if (start === undefined) throw new Error('expected a cmap of format 4 in the font, got none');
  const doubled = font.getUint16(start + 6);
  const segments = Array.from({ length: doubled / 2 }, (_, index) => start + 14 + 2 * index);
  return (codePoint) => {
    const end = segments.find((each) => codePoint <= font.getUint16(each));
    if (end === undefined) return 0;
    const first = end + doubled + 2;
    const from = font.getUint16(first);
    if (codePoint < from) return 0;
    const delta = font.getUint16(first + doubled);
    const range = first + 2 * doubled;
    const rangeOffset = font.getUint16(range);
    if (rangeOffset === 0) return (codePoint + delta) & 0xffff;
    const glyph = font.getUint16(range + rangeOffset + 2 * (codePoint - from));
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
  };
}

/** Returns a function that gives the width of a line of Inter, in pixels at `fontSize`; `bold` from a weight of 600 on. */
export function textMeter(): (text: string, fontSize: number, bold: boolean) => number {
  const [regular = '', , semiBold = ''] = FONT_FILES;
  const advances = [readAdvances(regular), readAdvances(semiBold)] as const;
  return (text, fontSize, bold) => {
    const { of, unitsPerEm } = advances[bold ? 1 : 0];
    let units = 0;
    for (const character of text) units += of(character.codePointAt(0) ?? 0);
    return (units * fontSize) / unitsPerEm;
  };
}
