"""The Python API: what `import datagen` offers, one module per kind of work.

A command of the command line parses its flags, calls one of these functions, and prints. Nothing
here assumes a terminal: progress is a callback, and results show themselves in a notebook.
"""
