"""From numbers to judgements: what applies, what is bound to what, what the outcome is, how outcomes fold."""
