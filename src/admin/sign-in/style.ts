/** The whole of the pages' looks: one sheet, in the page, allowed by its digest. */
import { createHash } from "node:crypto";

export const STYLE = `:root{color-scheme:light dark;--ink:#1c2430;--dim:#5d6b7e;--line:#dfe4ea;--card:#fff;--back:#f3f5f8;--mark:#1f6f54;--bad:#b3372c;--warn:#96690a}
@media(prefers-color-scheme:dark){:root{--ink:#e7ebf0;--dim:#93a1b3;--line:#2b3644;--card:#19212b;--back:#10161d;--mark:#5cc79c;--bad:#f0877d;--warn:#dfb451}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:1.5rem 1rem 3rem}
header{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem;margin:.5rem 0 1.25rem}
header strong{font-size:1.1rem;letter-spacing:.02em}
header strong::before{content:"";display:inline-block;width:.8rem;height:.8rem;margin-right:.55rem;border:3px solid var(--mark);border-bottom-width:0;border-radius:.45rem .45rem 0 0}
header form{margin-left:auto}
section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.1rem 1.25rem;margin:0 0 1rem}
h1{font-size:1.35rem;line-height:1.3;margin:0 0 .35rem}
h2{font-size:.8rem;letter-spacing:.08em;text-transform:uppercase;color:var(--dim);margin:0 0 .6rem}
p{margin:.35rem 0}
.dim{color:var(--dim)}
.role{display:inline-block;border:1px solid var(--mark);color:var(--mark);border-radius:1rem;padding:0 .6rem;font-size:.85rem}
.ok{color:var(--mark)}.bad{color:var(--bad)}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:.35rem .5rem .35rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
tr:first-child th,tr:first-child td{border-top:0}
th{width:9.5rem;font-weight:400;color:var(--dim)}
code{font:.9em ui-monospace,monospace}
button,.button{display:inline-block;font:inherit;border:1px solid var(--line);border-radius:.5rem;background:transparent;color:inherit;padding:.4rem .9rem;cursor:pointer;text-decoration:none}
.main{background:var(--mark);border-color:var(--mark);color:var(--card);font-weight:600}
button:focus-visible,a:focus-visible,input:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
input{font:1.4rem ui-monospace,monospace;letter-spacing:.15em;text-transform:uppercase;width:13ch;padding:.3rem .6rem;border:1px solid var(--line);border-radius:.5rem;background:transparent;color:inherit}
.acts{display:flex;flex-wrap:wrap;gap:.6rem;margin-top:1rem}`;

export const STYLE_DIGEST = `sha256-${createHash("sha256").update(STYLE).digest("base64")}`;
