"""Receipts: a score is made again, and compared with what its file says, to the bit."""
