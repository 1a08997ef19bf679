// Builds the front end into web/static/dist/: file names carry a hash (cache them for ever), manifest.json says which
// name is current. Everything runs under `default-src 'self'`: pictures inside styles become files of their own.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { plainColours } from "./colours.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const final = join(here, "..", "static", "dist");
const dist = `${final}.new`;
const read = (...path) => readFileSync(join(here, ...path), "utf8");

function emit(name, extension, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const file = `${name}-${hash}${extension}`;
  writeFileSync(join(dist, file), content);
  return file;
}

const styles = {
  name: "styles",
  setup(esbuild) {
    esbuild.onLoad({ filter: /\.css$/ }, ({ path }) => {
      const css = plainColours(readFileSync(path, "utf8"), read("src", "theme.css"));
      return { contents: css.replace(/url\((["'])data:image\/svg\+xml[^,]*,([^]*?)\1\)/g, pictureFile), loader: "css" };
    });
  },
};

function pictureFile(_whole, _quote, text) {
  const picture = text.includes("%3c") || text.includes("%3C") ? decodeURIComponent(text) : text.replaceAll("%23", "#");
  return `url("./${emit("picture", ".svg", picture.replaceAll("\\\n", ""))}")`;
}

/** One file with the icons named in icons.txt, each a <symbol> drawn in the colour of the text around it. */
function sprite() {
  const names = read("icons.txt").split("\n").filter((line) => line && !line.startsWith("#"));
  const symbols = names.map((name) => {
    const icon = read("node_modules", "@tabler", "icons", "icons", "outline", `${name}.svg`);
    const body = /<svg[^>]*>([^]*)<\/svg>/.exec(icon)[1].replace(/<path stroke="none"[^>]*>/, "").replace(/\s*\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${body}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: ["src/app.js", "src/app.css", "src/viewer.js", "src/viewer.css", "src/compare.js", "src/compare.css", "src/operate.js", "src/registration.js", "src/signature.js", "src/editor/editor.js", "src/editor/editor.css", "src/formeditor/sheet.js", "src/formeditor/sheet.css"],
  outdir: dist,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "iife",
  target: "chrome108",
  charset: "utf8",
  legalComments: "eof",
  metafile: true,
  external: ["./picture-*"],
  loader: { ".woff2": "file" },
  assetNames: "[name]-[hash]",
  plugins: [styles],
});

const manifest = { "icons.svg": emit("icons", ".svg", sprite()) };
for (const [file, { entryPoint }] of Object.entries(result.metafile.outputs)) {
  if (entryPoint) manifest[basename(entryPoint)] = basename(file);
}
writeFileSync(join(dist, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

// The old files go only when the new ones are complete.
rmSync(final, { recursive: true, force: true });
renameSync(dist, final);
