"""What the pages share: one file without anything from elsewhere, light and dark, on paper and on a phone."""

from __future__ import annotations

import re
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5a6575; --paper: #ffffff; --card: #f5f7fa;
  --line: #d8dee7; --good: #12703c; --bad: #b3261e; --open: #8a5a00; --good-bg: #e2f4e8; --bad-bg: #fbe6e4;
  --open-bg: #fbf0d9; --bar: #dfe5ec; --link: #1a56b0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #a3aebd; --paper: #14181e; --card: #1d232b;
  --line: #36404d; --good: #6fd596; --bad: #ff9d95; --open: #f0c069; --good-bg: #16331f; --bad-bg: #42201d;
  --open-bg: #3b2f14; --bar: #2c3540; --link: #8ab6ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font-family: system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-size: 16px; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; } main.large { max-width: 78rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; } h3.line { margin: 1.4rem 0 .2rem; } td { overflow-wrap: anywhere; }
p { margin: .25rem 0; overflow-wrap: anywhere; }
a { color: var(--link); }
.soft { color: var(--soft); font-size: .9rem; }
.total { display: flex; align-items: baseline; gap: .5rem; margin: 1rem 0 .5rem; font-variant-numeric: tabular-nums; }
.total b { font-size: 2.8rem; line-height: 1; }
.bar { height: .6rem; border-radius: .3rem; background: var(--bar); overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--good); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .45rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-size: .85rem; color: var(--soft); font-weight: 600; }
td.n, th.n { text-align: right; } td.n { white-space: nowrap; }
.scroll { overflow-x: auto; }
code { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; font-size: .88em;
  background: var(--bar); border-radius: .25rem; padding: .05rem .25rem; overflow-wrap: anywhere; }
ul { margin: .3rem 0; padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
.class td:first-child { min-width: 11rem; } .class td:first-child .narrow { display: none; }
.class th.wide { font-size: .78rem; }
.chart th { white-space: nowrap; } .chart td { border: 0; padding: .12rem .5rem; vertical-align: middle; }
.mark { display: inline-block; min-width: 6.2em; padding: .05rem .5rem; border-radius: 1rem; font-size: .8rem;
  text-align: center; white-space: nowrap; }
.passed { color: var(--good); background: var(--good-bg); }
.failed, .breaks { color: var(--bad); background: var(--bad-bg); }
.unchecked, .risk { color: var(--open); background: var(--open-bg); }
.advice { color: var(--soft); background: var(--bar); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .9rem;
  margin: .6rem 0; }
.head { display: flex; gap: .6rem; align-items: baseline; flex-wrap: wrap; }
.head h3 { flex: 1 1 8rem; font-weight: 600; overflow-wrap: anywhere; }
.head .n { font-variant-numeric: tabular-nums; white-space: nowrap; }
.hint { border-left: 3px solid var(--open); padding-left: .7rem; margin: .4rem 0; }
details { margin-top: .35rem; }
summary { cursor: pointer; color: var(--soft); font-size: .9rem; }
pre { margin: .3rem 0 .6rem; padding: .5rem .7rem; background: var(--paper); border: 1px solid var(--line);
  border-radius: .4rem; font-size: .8rem; line-height: 1.4; white-space: pre-wrap; overflow-wrap: anywhere;
  font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
dl { margin: .3rem 0; } dt { font-size: .8rem; color: var(--soft); } dd { margin: 0; }
.notice { border: 2px solid var(--open); border-radius: .6rem; padding: .6rem .9rem; margin: 1rem 0; }
@media (max-width: 34rem) {
  main { padding: 1rem .75rem 3rem; } body { font-size: 15px; } th, td { padding: .4rem .3rem; }
  .total b { font-size: 2.2rem; } .wide { display: none; } .mark { min-width: 0; }
  .class td:first-child { min-width: 0; } .class td:first-child .narrow { display: block; }
}
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --paper: #fff; --card: #fff; --line: #999; --good: #0b5a2e;
    --bad: #9c1c15; --open: #6d4700; --good-bg: #fff; --bad-bg: #fff; --open-bg: #fff; --bar: #ddd; --link: #000; }
  @page { size: A4; margin: 16mm 14mm; }
  html { font-size: 9.5pt; } body { font-size: 1rem; } main { max-width: none; padding: 0; }
  .mark { border: 1px solid currentColor; }
  .card, tr { break-inside: avoid; } h2 { break-after: avoid; } .bar, .bar i { print-color-adjust: exact; }
  details:not([open]) { display: none; } .card:has(details[open]) { break-inside: auto; }
  .card { padding: .45rem .6rem; margin: .4rem 0; } h2 { margin-top: 1.4rem; }
  h2 + p { break-after: avoid; } section > h3 { break-after: avoid; } .scroll { overflow: visible; }
  code { background: none; padding: 0; }
  .class { font-size: .85em; } .class th.wide { font-size: .8em; } .class th, .class td { padding: .3rem .25rem; }
}
"""


def page(title: str, body: str, *, wide: bool = False) -> str:
    """A whole page. Nothing is loaded and nothing is executed, whatever a submission's name or log holds.

    Args:
        title: of the window.
        body: what stands in it, in HTML.
        wide: whether a table of many columns stands in it.
    """
    large = ' class="large"' if wide else ""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main{large}>\n{body}\n</main>\n</body>\n</html>\n"
    )


def prose(text: str) -> str:
    """Text of ours or of a submission, with what stands between backticks as code; nothing else in it is a tag."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escape(text))


def bar(part: float, whole: float) -> str:
    """How much of a whole there is."""
    share = 100 * part / whole if whole else 0
    return f'<div class="bar" role="img" aria-label="{share:.0f} percent"><i style="width:{share:.2f}%"></i></div>'
