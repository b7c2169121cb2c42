"""Locality-sensitive hashing: near points land in the same bucket."""
