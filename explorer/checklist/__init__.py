""" "Is my plot right?": what is measured beside a landscape so that it can be trusted."""

from explorer.checklist.checklist import report, report_text

__all__ = ["report", "report_text"]
