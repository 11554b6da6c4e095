"""The reader of letters: trained, asked, compared, and put to work on sources of letters.

Enters: images of letters. Leaves: what `python -m fixed_eval.letters` found in them.
"""
