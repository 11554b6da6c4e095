"""A reader of letters, EMNIST's 36 characters: trained, asked and compared as a process.

Nothing here scores a dataset, and no protocol depends on it. Enters: an `.npz` file of images.
Leaves: a Keras model, or an `.npz` file of log-probabilities, and JSON lines.
"""
