from datagen.score import Evaluation
from datagen.summary import Summary


def page(evaluation: Evaluation, summary: Summary) -> str:
    return ""
