""" "Is my plot right?": what is measured beside a landscape so that it can be trusted."""

from explorer.checklist.budget import Depth, still_asked
from explorer.checklist.checklist import findings
from explorer.checklist.table import Report, report

__all__ = ["Depth", "Report", "findings", "report", "still_asked"]
