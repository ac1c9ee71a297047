/** Writes docs/configuration.md anew. */
import { writeFile } from 'node:fs/promises';
import { configurationPage } from '../platform/config/page.ts';
import { SECTIONS } from '../platform/config/sections.ts';

await writeFile(new URL('../docs/configuration.md', import.meta.url), configurationPage(SECTIONS));
