"""rtcheck: checks radiotherapy plans against a trial's registered lesions and a protocol's limits."""

__version__ = "0.1.0"
