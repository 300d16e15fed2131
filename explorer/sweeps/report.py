"""The report by the name under which findings ask for it."""

from explorer.sweeps.reporting import report, report_text

__all__ = ["report", "report_text"]
