"""How the picture looks: its colours, and the rules of the page on a phone, on a desk, in the dark, on paper.

Text keeps a contrast of 4.5:1, marks 3:1 (WCAG 2.2, 1.4.3 and 1.4.11).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

__all__ = ["DARK", "LIGHT", "Palette", "stylesheet"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb. `raised` is the ground of what lies over the picture."""

    ground: str
    raised: str
    ink: str
    quiet: str
    rule: str
    liked: str
    liked_tint: str
    disliked: str
    disliked_tint: str
    neutral: str


LIGHT: Final = Palette(
    ground="#fcfbf8",
    raised="#ffffff",
    ink="#1b1e24",
    quiet="#565c68",
    rule="#e0ddd4",
    liked="#0a6673",
    liked_tint="#c4e3e2",
    disliked="#a33b12",
    disliked_tint="#f6dccf",
    neutral="#5d6370",
)
DARK: Final = Palette(
    ground="#14161a",
    raised="#23272f",
    ink="#ecebe6",
    quiet="#a6acb8",
    rule="#2e333b",
    liked="#62ccd2",
    liked_tint="#1a4148",
    disliked="#f39b6d",
    disliked_tint="#46291c",
    neutral="#a0a6b2",
)


_RULES: Final = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.45 system-ui,sans-serif}
main{max-width:72rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:0;letter-spacing:-.015em;overflow-wrap:anywhere}
p{margin:0}
.summary{color:var(--quiet);margin-top:.35rem}
.legend{display:flex;flex-wrap:wrap;gap:.35rem 1.5rem;list-style:none;margin:1.4rem 0 0;padding:0;
font-size:.875rem}
.legend li{display:flex;align-items:center;gap:.5rem}
.legend i,.mark input{appearance:none;-webkit-appearance:none;display:block;margin:0;border-radius:50%;
border:2px solid;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.legend i{width:12px;height:12px}
.liked{color:var(--liked);background:var(--liked)}
.disliked{color:var(--disliked);background:var(--ground)}
.neutral{color:var(--neutral);background:var(--ground)}
.legend .neutral,.mark .neutral{border-radius:0;transform:rotate(45deg)}
.several{box-shadow:0 0 0 2px var(--ground),0 0 0 3px currentColor}
figure{margin:1.6rem 0 0}
.axis{position:relative;height:1.5rem;font-size:.8125rem;color:var(--quiet);
font-variant-numeric:tabular-nums}
.axis:first-child{position:sticky;top:0;z-index:2;background:var(--ground)}
.axis span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.axis .start{transform:none}
.axis .end{transform:translateX(-100%)}
.lanes{list-style:none;margin:0;padding:0}
.lane{padding:.8rem 0 .5rem;border-top:1px solid var(--rule);break-inside:avoid}
.label{min-width:0}
.label h2{font-size:1rem;line-height:1.3;margin:0}
.label h2,.label .medoid{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;
overflow:hidden;overflow-wrap:anywhere}
.label p{font-size:.8125rem;color:var(--quiet)}
.label .medoid{font-style:italic;color:var(--ink)}
.strip{position:relative;margin-top:.4rem}
.plot{position:relative}
.rule{position:absolute;top:0;bottom:0;border-left:1px solid var(--rule)}
.stream{display:block;width:100%;overflow:visible;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.up{fill:var(--liked-tint)}
.down{fill:url(#hatch)}
.edge{fill:none;stroke-width:1.25;vector-effect:non-scaling-stroke}
.up-edge{stroke:var(--liked)}
.down-edge{stroke:var(--disliked)}
.base{fill:none;stroke:var(--quiet);stroke-opacity:.55;vector-effect:non-scaling-stroke}
fieldset{border:0;margin:0;padding:0;min-width:0}
.mark input{position:absolute;left:var(--x);top:var(--y);width:var(--d);height:var(--d);
margin:calc(var(--d)/-2) 0 0 calc(var(--d)/-2);cursor:pointer}
.mark input:hover,.mark input:focus{z-index:1}
.mark input:focus{outline:2px solid var(--ink);outline-offset:3px}
.note{position:absolute;z-index:3;top:calc(100% + 4px);
left:clamp(0px,calc(var(--x) - 11rem),calc(100% - 22rem));
width:22rem;max-width:100%;padding:.55rem .75rem;border:1px solid var(--quiet);border-radius:6px;
background:var(--raised);color:var(--ink);font-size:.875rem;overflow-wrap:anywhere;opacity:0;pointer-events:none;
box-shadow:0 4px 14px rgb(0 0 0/.18)}
.note b{display:block;font-weight:600;color:var(--quiet)}
.mark input:hover+.note,.mark input:focus+.note{opacity:1}
.plot:has(input:hover) .mark input:focus:not(:hover)+.note{opacity:0}
figcaption{margin-top:1.2rem;font-size:.875rem;color:var(--quiet);max-width:46rem}
details{margin-top:1.6rem}
summary{cursor:pointer;font-weight:600}
table{width:100%;border-collapse:collapse;font-size:.875rem;margin-top:.8rem;table-layout:fixed}
caption{text-align:left;color:var(--quiet);padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-top:1px solid var(--rule);
overflow-wrap:anywhere;overflow:hidden}
.date{width:7rem}.how{width:11rem}
tbody th{padding-top:1.1rem}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
:focus-visible{outline:2px solid var(--ink);outline-offset:3px}
@media (max-width:43.99rem){
main{padding:1.4rem 1rem 3rem}
.minor{display:none}
.note{left:0;width:100%}
thead{display:none}
tr{display:block;border-top:1px solid var(--rule);padding:.4rem 0}
th,td,.date,.how{display:block;width:auto;border:0;padding:0}
.date,.how{color:var(--quiet)}
}
@media (min-width:44rem){
.lane{display:grid;grid-template-columns:16.5rem minmax(0,1fr);column-gap:1.5rem;align-items:center;padding:0}
.label{padding:.7rem 0}
.strip{margin:0;align-self:stretch;display:grid;align-items:center}
.axis{margin-left:18rem}
}
@media print{
main{max-width:none;padding:0}
.note{display:none}
}
@media (forced-colors:active){
.mark input,.legend i,.stream{forced-color-adjust:none}
}
"""


def stylesheet() -> str:
    """The rules, with the colours of both schemes; paper is always light."""
    light, dark = _variables(LIGHT), _variables(DARK)
    scheme = f":root{{color-scheme:light dark;{light}}}\n"
    return scheme + f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}" + _RULES


def _variables(palette: Palette) -> str:
    return ";".join(f"--{name.replace('_', '-')}:{colour}" for name, colour in asdict(palette).items())
