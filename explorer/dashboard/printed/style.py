"""The lesson's style: one column, light or dark as the reader's system asks, and a print form."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --quiet: #57606a; --line: #c9d1d9;
  --link: #0550ae; --note: #fff8e6; --edge: #9a6700; --code: #f3f5f7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0f1419; --quiet: #9aa7b4; --line: #3b4550;
  --link: #79b8ff; --note: #231c0c; --edge: #d29922; --code: #182028; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 44rem; color: var(--ink); background: var(--paper);
  font: 1.0625rem/1.6 system-ui, sans-serif; overflow-wrap: break-word; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, pre:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .25rem .5rem; }
nav { margin: 1rem 0; padding: .25rem 1rem; border: 1px solid var(--line); border-radius: .5rem; font-size: .95rem; }
nav ol { margin: .5rem 0; padding-left: 1.5rem; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
h3 { margin-top: 1.75rem; }
.note { margin: 1.25rem 0; padding: .25rem 1rem; background: var(--note); border-left: .3rem solid var(--edge);
  border-radius: .25rem; }
.math.block { margin: 1rem 0; }
math { font-size: 1.1em; }
pre { overflow-x: auto; padding: .75rem 1rem; background: var(--code); border-radius: .5rem;
  font: .9rem/1.5 ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
details { margin: .75rem 0; padding: .25rem 1rem; border: 1px solid var(--line); border-radius: .5rem; }
summary { cursor: pointer; padding: .25rem 0; color: var(--link); }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; }
@page { margin: 2cm; }
@media print {
  :root { color-scheme: light; --ink: #000; --paper: #fff; --quiet: #333; --line: #999; --link: #000; --note: #fff;
    --edge: #666; --code: #fff; }
  body { max-width: none; padding: 0; font-size: 11pt; }
  .skip, header, nav, footer { display: none; }
  .note, pre, details, table { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  pre { white-space: pre-wrap; border: 1px solid var(--line); }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
"""
