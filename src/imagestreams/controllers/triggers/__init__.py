"""Lets objects follow tags: when a tag of a stream points to another image, whoever follows it is brought up to date.

`index` knows who follows what, `followers` keeps one cluster's objects in order, and `controller` follows the streams
and tells all clusters which tags moved. What an object does about it is decided in `imagestreams.triggers`, on the
object as it is read at that moment; so nothing depends on an event that came late, twice, or never.
"""
