"""The words of pages in every language, from one table: key to (English, Simplified Chinese).

What is generated from the data (messages of findings, reasons) stays English; headings, columns, states, notices, the
page on method, and of finding codes the title, why each matters and what to do are in the language of the page.
"""

from __future__ import annotations

from rtcheck.model.codes import CATALOGUE
from rtcheck.render.document import Language
from rtcheck.render.messages_codes import CODE_TITLES_ZH
from rtcheck.render.messages_fix_zh import CODE_FIX_ZH
from rtcheck.render.messages_method import METHOD_MESSAGES
from rtcheck.render.messages_page import PAGE_MESSAGES
from rtcheck.render.messages_selftest import SELFTEST_MESSAGES
from rtcheck.render.messages_why_zh import CODE_WHY_ZH

__all__ = ["HTML_LANGUAGES", "LANGUAGES", "MESSAGES", "code_fix", "code_title", "code_why", "renderer_words", "say"]

LANGUAGES: tuple[Language, ...] = ("en", "zh")
HTML_LANGUAGES = {"en": "en", "zh": "zh-Hans"}
MESSAGES: dict[str, tuple[str, str]] = {**PAGE_MESSAGES, **METHOD_MESSAGES, **SELFTEST_MESSAGES}


def say(language: Language, key: str, **values: object) -> str:
    """Return a message in a language.

    Args:
        language: of the page.
        key: of the table.
        values: for the places in braces.

    Raises:
        KeyError: no such message, which is a fault of the program.
    """
    text = MESSAGES[key][LANGUAGES.index(language)]
    return text.format(**values) if values else text


def code_fix(language: Language, code: str) -> str:
    """Return what to do about a finding code in a language."""
    return CODE_FIX_ZH[code] if language == "zh" and code in CODE_FIX_ZH else CATALOGUE[code].fix


def code_title(language: Language, code: str) -> str:
    """Return the title of a finding code in a language."""
    return CODE_TITLES_ZH[code] if language == "zh" and code in CODE_TITLES_ZH else CATALOGUE[code].title


def code_why(language: Language, code: str) -> str:
    """Return why a finding code matters in a language."""
    return CODE_WHY_ZH[code] if language == "zh" and code in CODE_WHY_ZH else CATALOGUE[code].why


def renderer_words(language: Language) -> tuple[tuple[str, str], ...]:
    """Return the labels that renderers set themselves (keys ``ui.*``), without the prefix, sorted."""
    return tuple(
        (key.removeprefix("ui."), say(language, key)) for key in sorted(MESSAGES) if key.startswith("ui.")
    )
