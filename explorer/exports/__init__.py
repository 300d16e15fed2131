"""Landscape -> file: NetCDF, HDF5 in Li et al.'s layout, VTK, CSV, HTML."""

from explorer.exports.racing import Runner, race_html
from explorer.exports.writing import SUFFIXES, encode, export

__all__ = ["SUFFIXES", "Runner", "encode", "export", "race_html"]
