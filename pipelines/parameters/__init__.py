"""What a pipeline may say about each op, and how concrete values are drawn from it.

One pydantic model per op: ranges in, JSON-able concrete values out. The values are the arguments
of the op's pure function, so a record of them is all it takes to do the step again.
"""
