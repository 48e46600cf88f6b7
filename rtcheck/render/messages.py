"""The words of pages in every language, from one table: key to (English, Simplified Chinese).

What is generated from the data (messages of findings, reasons) stays English; headings, columns, states, notices, the
titles of finding codes and the page on method are in the language of the page.
"""

from __future__ import annotations

from rtcheck.model.codes import CATALOGUE
from rtcheck.render.document import Language
from rtcheck.render.messages_codes import CODE_TITLES_ZH
from rtcheck.render.messages_method import METHOD_MESSAGES
from rtcheck.render.messages_page import PAGE_MESSAGES
from rtcheck.render.messages_selftest import SELFTEST_MESSAGES

__all__ = ["HTML_LANGUAGES", "LANGUAGES", "MESSAGES", "code_title", "renderer_words", "say"]

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


def code_title(language: Language, code: str) -> str:
    """Return the title of a finding code in a language."""
    return CODE_TITLES_ZH[code] if language == "zh" and code in CODE_TITLES_ZH else CATALOGUE[code].title


def renderer_words(language: Language) -> tuple[tuple[str, str], ...]:
    """Return the labels that renderers set themselves (keys ``ui.*``), without the prefix, sorted."""
    return tuple(
        (key.removeprefix("ui."), say(language, key)) for key in sorted(MESSAGES) if key.startswith("ui.")
    )
