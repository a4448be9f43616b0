"""noshow: how likely is it that a patient misses an appointment at the clinic."""
