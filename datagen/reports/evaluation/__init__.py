"""What an evaluation leaves behind: its scores, its history, and a page that explains them.

Enters: an `Evaluation`. Leaves: files in a folder of their own, each whole or not there.
"""

from datagen.reports.evaluation.files import check_folder, check_page, report_folder, write_report
from datagen.reports.evaluation.previews import read_scores

__all__ = ["check_folder", "check_page", "read_scores", "report_folder", "write_report"]
