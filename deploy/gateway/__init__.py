"""The one door of a deployment: which path leads where, and the hub with what concerns all services."""
