"""What facts are called in sentences for people; their keys stand beside them where something is to be recorded."""

from __future__ import annotations

__all__ = ["fact_words"]

_WORDS = {
    "fev1_l": "FEV1",
    "fev1_percent": "FEV1 in % of predicted",
    "impaired": "impaired lung function",
    "home_oxygen": "oxygen at home",
    "interstitial_disease": "interstitial lung disease",
    "prior_irradiation": "earlier lung irradiation",
    "lung_at_risk": "the lung at risk",
    "child_pugh": "Child-Pugh class",
    "ecog": "ECOG performance status",
    "lung_function": "lung-function tier",
}


def fact_words(fact: str) -> str:
    """Return a fact in words, without its table and its unit; one without words of its own as its key says."""
    key = fact.rpartition(".")[2]
    return _WORDS.get(key, key.replace("_", " "))
