// Bundles what the console's pages load, into the directory that is named: console.js, console.css, editor.js.
// The same sources give the same bytes.
import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [out, inputs] = process.argv.slice(2);
const manifest = { inputs, files: {} };

function keep(name, bytes) {
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const [stem, ending] = name.split(".");
  const file = `${stem}.${digest}.${ending}`;
  writeFileSync(join(out, file), bytes);
  manifest.files[name] = file;
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

// htmx and its extension speak to each other by a global name: they stand one after the other, as published.
const published = ["htmx.min.js", "ext/hx-csp.min.js"].map((name) =>
  readFileSync(join(here, "node_modules/htmx.org/dist", name), "utf8").replace(/\n?\/\/# sourceMappingURL=.*/, ""),
);
const bundled = async (entry) =>
  (await build({ entryPoints: [join(here, "src", entry)], bundle: true, minify: true, write: false, format: "iife",
    target: "es2022", legalComments: "inline" })).outputFiles[0].text;
keep("console.js", [...published, await bundled("console.js")].join(";\n"));
keep("editor.js", await bundled("editor.js"));
const styles = [
  "tokens", "base", "shell", "parts", "tables", "forms", "pages",
  "people",
  "own",
  "policies",
  "understand",
  "roles",
].map((name) =>
  readFileSync(join(here, "src/styles", `${name}.css`), "utf8"));
keep("console.css", (await transform(styles.join("\n"), { loader: "css", minify: true })).code);
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
