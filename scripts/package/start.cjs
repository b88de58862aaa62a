// The first file that runs in the single executable: it unpacks the program once for each version, and starts it.
// What the program starts as a process of its own comes here as well, with the file to run as its first argument.
const { getAsset, getRawAsset } = require('node:sea');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createRequire } = require('node:module');
const { brotliDecompressSync } = require('node:zlib');

/** Folders of this user alone, in the order in which they are tried. */
function candidates() {
  const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return [path.join(cache, 'sluice'), path.join(os.tmpdir(), `sluice-${os.userInfo().uid}`)];
}

/** A folder that others may write could hold another program under our name. */
function isOurs(folder) {
  const stat = fs.lstatSync(folder);
  return stat.isDirectory() && stat.uid === process.getuid() && (stat.mode & 0o022) === 0;
}

function unpack(folder) {
  const files = JSON.parse(brotliDecompressSync(Buffer.from(getRawAsset('app.br'))).toString());
  for (const [name, content] of files) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, Buffer.from(content, 'base64'));
  }
  fs.writeFileSync(
    path.join(folder, 'start.cjs'),
    "module.exports = (file) => import(require('node:url').pathToFileURL(file).href);\n",
  );
}

/** The unpacked program. It appears under its name whole or not at all, whoever else unpacks it meanwhile. */
function home() {
  const name = getAsset('name', 'utf8');
  const errors = [];
  for (const base of candidates())
    try {
      fs.mkdirSync(base, { recursive: true, mode: 0o700 });
      if (!isOurs(base)) throw new Error(`${base} belongs to somebody else, or others may write to it`);
      const folder = path.join(base, name);
      if (fs.existsSync(folder)) return folder;
      const made = fs.mkdtempSync(path.join(base, 'unpacking-'));
      unpack(made);
      try {
        fs.renameSync(made, folder);
      } catch (error) {
        fs.rmSync(made, { recursive: true, force: true });
        if (!fs.existsSync(folder)) throw error;
      }
      return folder;
    } catch (error) {
      errors.push(error.message);
    }
  process.stderr.write(
    `sluice cannot unpack itself: ${errors.join('; ')}\nNext: set XDG_CACHE_HOME to a folder that you may write\n`,
  );
  process.exit(3);
}

const folder = home();
const [first, ...rest] = process.argv.slice(2);
const isOwn = first?.endsWith('.mjs') && path.resolve(first).startsWith(folder + path.sep);
const file = isOwn ? path.resolve(first) : path.join(folder, 'dist', 'main.mjs');
process.argv = [process.execPath, file, ...(isOwn ? rest : process.argv.slice(2))];
createRequire(path.join(folder, 'start.cjs'))('./start.cjs')(file);
