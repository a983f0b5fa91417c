// How mediasoup's worker is built from the source in its npm package against the distribution's
// own libraries: the few edits to that source, the build's arguments, and a hash over all that
// decides the result. The folder subprojects/ is the third part of the recipe.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from '../setup-error.mjs';

export const SUBPROJECTS = fileURLToPath(new URL('subprojects/', import.meta.url));

/** The version of mediasoup this recipe was last proven with; others may need another edit. */
export const PROVEN_WITH = '3.27.1';

/** @typedef {{ file: string, find: string, replace: string }} SourceEdit `find` occurs exactly once */

/** @type {SourceEdit[]} */
export const SOURCE_EDITS = [
  {
    // Upstream asks for meson 1.1, but uses nothing that Debian 12's meson 1.0.1 lacks.
    file: 'meson.build',
    find: "meson_version: '>= 1.1.0'",
    replace: "meson_version: '>= 1.0.0'",
  },
  {
    // The BIO callback must hand OpenSSL's own result back for every operation that has already
    // happened. Those calls carry BIO_CB_RETURN as one bit among others (BIO_callback_fn_ex(3)),
    // so comparing for equality never matches and the callback answers 1 to everything. An OpenSSL
    // with kernel TLS (Debian's, not the one upstream bundles) asks its BIO whether kTLS is on,
    // believes that 1, never allocates its write buffer and dies at the first DTLS handshake.
    file: 'src/RTC/DtlsTransport.cpp',
    find: '(operationType == BIO_CB_RETURN)',
    replace: '(operationType & BIO_CB_RETURN)',
  },
];

export const MESON_ARGUMENTS = ['--buildtype=release', '-Db_ndebug=true', '-Db_pie=true'];

/** Twelve hex digits that change when the result of the build would. */
export function recipeHash(subprojects = SUBPROJECTS, edits = SOURCE_EDITS) {
  const hash = createHash('sha256').update(JSON.stringify([edits, MESON_ARGUMENTS]));
  for (const file of filesBelow(subprojects)) {
    hash.update(`\0${path.relative(subprojects, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 12);
}

/**
 * Applies the edits to a copy of the worker's source. Refuses when a text is not there exactly once:
 * then the source is not what the edit was written for, and guessing could hide the bug again.
 * @param {string} source
 * @param {SourceEdit[]} [edits]
 */
export function applySourceEdits(source, edits = SOURCE_EDITS) {
  for (const edit of edits) {
    const file = path.join(source, edit.file);
    writeFileSync(file, applySourceEdit(readFileSync(file, 'utf8'), edit));
  }
}

/** @param {string} text @param {SourceEdit} edit */
export function applySourceEdit(text, edit) {
  const occurrences = text.split(edit.find).length - 1;
  if (occurrences === 1) return text.replace(edit.find, () => edit.replace);
  throw new SetupError(
    `the media worker's ${edit.file} has the text "${edit.find}" ${occurrences} times, not once`,
    {
      todo:
        `this mediasoup is not the one the recipe was made for (${PROVEN_WITH}): install that version, ` +
        'or review SOURCE_EDITS in infra/bootstrap/media-worker/recipe.mjs, ' +
        'or point MEDIASOUP_WORKER_BIN at a worker you already have',
    },
  );
}

/** @param {string} folder @returns {string[]} in an order that does not depend on the file system */
function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const location = path.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(location) : [location];
    });
}
