"""The page of a training, for people: how good the model is, for whom, and whether its probabilities hold."""
# TODO(m03): write `training.html` in the folder of reports: the metrics beside the baseline, the slices, and pictures of
# the calibration, the ROC curve and the slices; it must be readable without a network
