"""Renderers: a report in, text out. They compute nothing; wording, rounding and colour happen only here."""
