"""Locality-sensitive hashing: near points are likely to share a bucket."""
