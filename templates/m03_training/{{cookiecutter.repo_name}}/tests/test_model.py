"""How the model behaves, whatever its coefficients are.

* Direction: who booked longer ago, who missed more appointments and who got no reminder is more at risk, all else equal.
  Anything that a request may hold counts: from a booking of yesterday to one of three months ago, from a patient who
  missed none to one who missed nearly all.
* Invariance: a prediction depends neither on the other rows nor on their order, nor on the week in which it all happens.
* Minimum functionality: clear cases are clear, and the average probability is about the share that is missed.
* Training: the same rows give the same model; the test comes after all that was learned from, and no day is in both.

The rows are made here: what these tests say is about the code, and not about the newest data.
"""

# TODO(m03): test noshow/learning.py with noshow/features.py: `split_by_time`, `fit` and `probabilities`
