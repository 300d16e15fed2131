"""Landscape -> file: NetCDF, HDF5 in Li et al.'s layout, VTK, CSV, HTML."""

from explorer.exports.formats import SUFFIXES, encode, export
from explorer.exports.race import Runner, race_html

__all__ = ["SUFFIXES", "Runner", "encode", "export", "race_html"]
