"""The nouns of the package: frozen values, checked when they are made, that compute nothing."""
