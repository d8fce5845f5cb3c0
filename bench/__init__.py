"""Measures the main job against three other designs, all of them talking to the same sandbox."""
