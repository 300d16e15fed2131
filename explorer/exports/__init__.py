"""Landscape -> file: NetCDF, HDF5 in Li et al.'s layout, VTK, CSV, HTML."""

from explorer.exports.writing import SUFFIXES, encode, export

__all__ = ["SUFFIXES", "encode", "export"]
