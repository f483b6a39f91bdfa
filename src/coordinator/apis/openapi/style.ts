/** The stylesheet of `/docs`. @module */
export const STYLE = `:root {
  color-scheme: light dark;
  --ink: #1c2733;
  --soft: #5b6b7b;
  --line: #d9e0e7;
  --paper: #fff;
  --sheet: #f4f7f9;
  --accent: #0b6e8f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #dce4ec;
    --soft: #93a3b3;
    --line: #2c3944;
    --paper: #12191f;
    --sheet: #1a232b;
    --accent: #5cc3e0;
  }
}
body {
  background: var(--paper);
  color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif;
  margin: 0 auto;
  max-width: 56rem;
  padding: 1rem 1rem 4rem;
}
a { color: var(--accent); }
h2 { border-bottom: 1px solid var(--line); margin-top: 2.5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.verb { color: var(--accent); display: inline-block; min-width: 4.5rem; text-transform: uppercase; }
article { background: var(--sheet); border-radius: 8px; margin: 1rem 0; padding: 0.75rem 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
td, th { border-top: 1px solid var(--line); padding: 0.25rem 0.75rem 0.25rem 0; text-align: left; vertical-align: top; }
th { color: var(--soft); font-weight: normal; white-space: nowrap; }
code { font: 0.9em ui-monospace, monospace; }
pre { background: var(--sheet); border-radius: 8px; overflow: auto; padding: 0.75rem 1rem; }
nav li { display: inline-block; margin-right: 1rem; }
nav ul { list-style: none; padding: 0; }
@media (max-width: 40rem) {
  /* What a call takes and gives, one below the other: beside each other half would be out of view. */
  th, td { display: block; overflow-wrap: anywhere; white-space: normal; }
  td { border: 0; padding: 0 0 0.5rem; }
}
`
