"""The facts that conditions may name are exactly those that a registry file can record."""

from __future__ import annotations

from rtcheck.catalogue.facts import FactKind, derived_facts, recorded_facts
from rtcheck.catalogue.registry_schema import FACT_TABLES
from rtcheck.rules.facts import DERIVED_FACTS, REGISTRY_FACTS


def test_rules_and_schema_know_the_same_facts():
    """No key of the registry is unknown to conditions, and none is known that cannot be recorded."""
    schema = [f"{table}.{key}" for table, model in FACT_TABLES.items() for key in model.model_fields]
    assert set(REGISTRY_FACTS) == set(schema) - {"patient.id", "patient.dicom_ids"}
    assert set(recorded_facts()) == set(REGISTRY_FACTS)
    assert set(derived_facts()) == set(DERIVED_FACTS)


def test_kinds_of_facts():
    """Each fact has the kind of its key in the schema."""
    kinds = recorded_facts()
    assert kinds["lung.impaired"] == FactKind("text", ("known", "suspected", "no"))
    assert kinds["lung.fev1_l"] == kinds["patient.age"] == FactKind("number")
    assert kinds["lung.home_oxygen"] == FactKind("yes/no")
    assert kinds["trial.registered_on"] == FactKind("date")
    assert kinds["trial.arm"] == FactKind("text")
    assert derived_facts()["lung_at_risk"] == FactKind("yes/no")
    assert derived_facts()["plan_fractions"] == FactKind("number")
